import { HouseguestError } from "../../foundation/errors.ts";

/** Something that the donor can observe and act on; the `code` tells what. */
export class AgentError extends HouseguestError {
  override readonly name = "AgentError";
}
