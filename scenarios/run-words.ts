import { HouseguestError } from "../foundation/errors.ts";

/** What ended a run early, and what to do about it. */
export function errorSentence(error: unknown): string {
  if (error instanceof HouseguestError) return `${error.message} ${error.next}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
