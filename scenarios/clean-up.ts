import { withinDeadline } from "../foundation/deadline.ts";
import type { NotUndone } from "../protocol/verdict.ts";
import type { UndoLedger } from "./undo/undo-ledger.ts";

/** How long what goes on beside the steps may take to give up, in milliseconds: an agent that is started is waited for. */
const stopWithinMsDefault = 60_000;

interface CleanUp {
  readonly ledger: Pick<UndoLedger, "undoAll" | "close">;
  /** Resolves when nothing goes on beside the steps any more. */
  readonly stopSchedule: () => Promise<void>;
  readonly stopWithinMs?: number;
  /** Copies what is to be kept of it before it is undone. */
  readonly keep: () => Promise<void>;
  readonly stopWatching: () => Promise<void>;
}

interface CleanedUp {
  readonly notUndone: NotUndone[];
  /** What went wrong on the way, in its order. None of it keeps anything from being undone. */
  readonly errors: readonly unknown[];
}

/** Undoes what the harness did, last in first out, whatever else goes wrong meanwhile. Closes the ledger. */
export async function cleanUp(options: CleanUp): Promise<CleanedUp> {
  const { ledger, stopSchedule, stopWithinMs = stopWithinMsDefault, keep, stopWatching } = options;
  const errors: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      errors.push(error);
    }
  };
  await attempt(async () => {
    const stopped = stopSchedule().then(() => true);
    if (!(await withinDeadline(stopped, { ms: stopWithinMs, late: false }))) {
      throw new Error(`what goes on beside the steps did not give up within ${stopWithinMs / 1_000} s`);
    }
  });
  await attempt(keep);
  const notUndone = await ledger.undoAll();
  await attempt(async () => ledger.close());
  await attempt(stopWatching);
  return { notUndone, errors };
}
