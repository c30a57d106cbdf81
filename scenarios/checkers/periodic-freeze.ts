import type { RecordOf } from "./checker.ts";

/** Whether a freeze is the short one of a periodic checkpoint, during which intake stays open. */
export function isPeriodic({ data }: RecordOf<"agent.frozen">): boolean {
  return data.trigger === "periodic checkpoint";
}
