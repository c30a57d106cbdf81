import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

/** Breaks something on purpose; see scenarios/faults/. */
export async function fault(stage: HostStage, { fault: spec, as, forMs }: StepOf<"fault">): Promise<string> {
  const name = as ?? spec.kind;
  const detail = await stage.faults.apply(spec, name);
  if (forMs === undefined) return detail;
  stage.schedule.later(forMs, async () => {
    // A step may have healed it by then.
    if (stage.faults.names.includes(name)) await stage.faults.heal(name, { comesBack: true });
  });
  return `${detail}; for ${forMs} ms`;
}

/** Undoes it. */
export async function heal(stage: HostStage, { fault: name }: StepOf<"heal">): Promise<string> {
  return await stage.faults.heal(name, { comesBack: true });
}
