import type { RecordOf } from "../checker.ts";

const trigger = "periodic checkpoint";

/** Whether a freeze, or what belongs to one, is the short one of a periodic checkpoint, during which intake stays open. */
export function isPeriodic({
  data,
}: RecordOf<"agent.frozen" | "agent.thawed" | "agent.checkpoint" | "agent.cooperation">): boolean {
  return data.trigger === trigger;
}
