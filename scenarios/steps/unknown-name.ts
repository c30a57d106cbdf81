import { HouseguestError } from "../../foundation/errors.ts";

/** The scenario names an actor or batch that no earlier step brought. */
export class CastError extends HouseguestError {
  override readonly name = "CastError";
}

/** @param kind what bears the name: an agent, a batch of jobs */
export function unknownName(kind: string, name: string): CastError {
  return new CastError(`The scenario speaks of the ${kind} "${name}", which no earlier step brought.`, {
    code: "unknown-name",
    next: "Mend the scenario's steps.",
  });
}
