import { UsageError } from "../../foundation/errors.ts";
import { faultsIn } from "../steps/faults-in-steps.ts";
import type { Step } from "../steps/step.ts";
import { faultKindOf } from "./kinds.ts";

/** The faults of some steps that this machine or user cannot apply, each with the reason. */
export function faultsMissing(steps: readonly Step[]): UsageError[] {
  const kinds = new Set(faultsIn(steps).map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => {
    const missing = faultKindOf(kind).missing();
    if (missing === undefined) return [];
    return [
      new UsageError(`The fault "${kind}" is not possible here: ${missing}.`, {
        code: "fault-not-here",
        next: "`scenarios faults` shows what this machine can; virtual time (--stage sim) needs nothing of it.",
      }),
    ];
  });
}
