import type { Skipped } from "../../protocol/suite.ts";
import { faultsIn } from "../steps/faults-in-steps.ts";
import type { Step } from "../steps/step.ts";
import { missingFor } from "./fault-needs.ts";

/** What the faults of some steps need and this machine or user does not have, with what would help. */
export function faultsMissing(steps: readonly Step[]): Skipped[] {
  const kinds = new Set(faultsIn(steps).map(({ kind }) => kind));
  return [...kinds].map(missingFor).filter((one) => one !== null);
}
