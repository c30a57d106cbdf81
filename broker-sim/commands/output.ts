import { setImmediate } from "node:timers/promises";

import { HouseguestError, messageOf, systemCode } from "../../foundation/errors.ts";

/** A command did what it was asked for, and could not say so (a full disk): exit 1. */
export class NotToldError extends HouseguestError {
  override readonly name = "NotToldError";
}

/** Whether what is written is heard. */
export interface Output {
  /** @throws NotToldError `not-told`, when something could not be written, unless it is because nobody reads any more */
  assertWritten(): Promise<void>;
}

/**
 * Watches stdout and stderr from here on. Their readers may go away (`| head`, a closed terminal): that is no reason to end
 * early, nor a failure.
 */
export function watchOutput(): Output {
  let failure: unknown = null;
  process.stdout.on("error", (error) => {
    if (!isReaderGone(error)) failure ??= error;
  });
  // Where else could it be said?
  process.stderr.on("error", () => undefined);
  return {
    async assertWritten() {
      // Streams tell of an error in a later turn.
      await setImmediate();
      if (failure !== null) throw notTold(failure);
    },
  };
}

/**
 * Writes what somebody waits for before they go on.
 *
 * @param failed what it means that it could not be written
 * @throws NotToldError `not-told`, unless nobody reads any more
 */
export async function writeOutput(
  text: string,
  failed: { readonly message: string; readonly next: string },
): Promise<void> {
  const error = await new Promise<unknown>((resolve) => process.stdout.write(text, (error) => resolve(error ?? null)));
  if (error === null || isReaderGone(error)) return;
  throw new NotToldError(`${failed.message}: ${messageOf(error)}.`, {
    code: "not-told",
    next: failed.next,
    cause: error,
  });
}

/** EPIPE: the pipe's reader is gone; EIO: the terminal is. */
function isReaderGone(error: unknown): boolean {
  return ["EPIPE", "EIO"].includes(systemCode(error) ?? "");
}

function notTold(cause: unknown): NotToldError {
  return new NotToldError(`What was asked for was done, but its outcome could not be written: ${messageOf(cause)}.`, {
    code: "not-told",
    next: "Make room where the output goes; `broker-sim jobs`, `agents`, `executions` and so on list what there is.",
    cause,
  });
}
