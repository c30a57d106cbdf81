import type { FaultSpec } from "../faults/fault-spec.ts";
import { nestedSteps } from "./nested-steps.ts";
import type { Step } from "./step.ts";

/** The faults that steps order, those inside of other steps included. */
export function faultsIn(steps: readonly Step[]): FaultSpec[] {
  return steps.flatMap((step) => [
    ...(step.step === "fault" ? [step.fault] : []),
    ...nestedSteps(step).flatMap(faultsIn),
  ]);
}
