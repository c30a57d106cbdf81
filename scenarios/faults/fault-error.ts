import { HouseguestError } from "../../foundation/errors.ts";

/** A fault could not be applied or undone, or is none of those in force. */
export class FaultError extends HouseguestError {
  override readonly name = "FaultError";
}
