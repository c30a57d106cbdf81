import { HouseguestError } from "../../foundation/errors.ts";

/** What was attested is not what is here, or nobody attested it (exit 1). */
export class AttestationError extends HouseguestError {
  override readonly name = "AttestationError";
}
