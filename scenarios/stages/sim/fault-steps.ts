import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Breaks something on purpose, as the simulator's plans do. */
export function fault(stage: SimStage, { fault: spec, as, forMs }: StepOf<"fault">): string {
  const name = as ?? spec.kind;
  const detail = stage.faults.apply(spec, name);
  if (forMs === undefined) return detail;
  stage.later(forMs, () => {
    // A step may have healed it by then.
    if (stage.faults.names.includes(name)) stage.faults.heal(name);
  });
  return `${detail}; for ${forMs} ms`;
}

/** Undoes it. */
export function heal(stage: SimStage, { fault: name }: StepOf<"heal">): string {
  return stage.faults.heal(name);
}
