import { HouseguestError } from "../../foundation/errors.ts";

/** A fault could not be applied or undone, or is none of those in force. */
export class FaultError extends HouseguestError {
  override readonly name = "FaultError";
}

/** That there is no process to which it could be done. */
export function notUp(name: string, so: string): FaultError {
  return new FaultError(`"${name}" is down, so that ${so}.`, { code: "not-up", next: "Start it before." });
}
