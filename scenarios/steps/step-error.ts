import { HouseguestError, messageOf, systemCode } from "../../foundation/errors.ts";

/** A step could not be carried out because the world did not answer as it should: a verdict on the cast, not our bug. */
export class StepError extends HouseguestError {
  override readonly name = "StepError";
}

/**
 * Tells what agent, broker and host did to a step from what is a bug of ours: a system error (a reset connection), a
 * call that ran out of time, a failed request, an answer that is no JSON. Anything else is handed on as it is.
 */
export function asStepError(error: unknown, step: string): unknown {
  if (error instanceof HouseguestError || !isOfTheWorld(error)) return error;
  const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : "";
  return new StepError(`The step "${step}" failed: ${messageOf(error)}${cause}.`, {
    code: "step-failed",
    next: "The logs of agent and broker are in the run directory's logs/.",
    cause: error,
  });
}

function isOfTheWorld(error: unknown): boolean {
  if (systemCode(error) !== undefined || error instanceof DOMException || error instanceof SyntaxError) return true;
  return error instanceof TypeError && error.message === "fetch failed";
}
