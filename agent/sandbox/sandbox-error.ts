import { HouseguestError } from "../../foundation/errors.ts";

/** A sandbox could not be set up. `code`: `spawn-failed`, `frozen`, `lease-in-use`. */
export class SandboxError extends HouseguestError {
  override readonly name = "SandboxError";
}
