import { FaultStep } from "./fault-steps.ts";
import type { FaultSpec } from "../faults/fault-spec.ts";

/** The faults that steps order, those inside of other steps included. */
export function faultsIn(steps: unknown): FaultSpec[] {
  if (Array.isArray(steps)) return steps.flatMap(faultsIn);
  if (typeof steps !== "object" || steps === null) return [];
  const step = FaultStep.safeParse(steps);
  return step.success ? [step.data.fault] : Object.values(steps).flatMap(faultsIn);
}
