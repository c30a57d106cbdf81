import { userInfo } from "node:os";

import { HouseguestError } from "../foundation/errors.ts";

/** A user without a name (a container started with --user) is known by number. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** What ended a run early, and what to do about it. */
export function errorSentence(error: unknown): string {
  if (error instanceof HouseguestError) return `${error.message} ${error.next}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
