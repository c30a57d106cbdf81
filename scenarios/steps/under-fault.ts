import type { FaultSpec } from "../faults/fault-spec.ts";
import type { Step } from "./step.ts";

/** Steps that are played while a fault is in force: it begins before the first and is healed after the last. */
export function underFault(fault: FaultSpec, steps: readonly Step[], as: string = fault.kind): Step[] {
  return [{ step: "fault", fault, as }, ...steps, { step: "heal", fault: as }];
}
