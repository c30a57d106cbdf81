import { HouseguestError, InterruptedError, messageOf } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { isOwnBug, placeOf } from "./own-bug.ts";
import { hearErrors, tellFurther } from "./unheard-errors.ts";

/** The run took longer than it may; it is undone and counts as failed. */
export class DeadlineError extends HouseguestError {
  override readonly name = "DeadlineError";
}

/** Something failed for which nobody waited, in what a scenario's author or an adapter's brought; the run is undone. */
export class UnheardError extends HouseguestError {
  override readonly name = "UnheardError";
}

/** Signals within this many milliseconds are one: a terminal, npx and the launcher each deliver the same Ctrl-C. */
const sameSignalMs = 300;

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

export interface Interruption {
  /** Aborted by a signal or when the deadline passes; every wait of a run takes it. */
  readonly signal: AbortSignal;
  /** The error that aborted it because nobody waited for it; undefined where there was none. */
  readonly unheard: () => unknown;
  /** Stops listening; the process's own signal handling is as before. */
  close(): void;
}

export interface InterruptionOptions {
  /** Null where a run may take as long as it takes. */
  readonly deadlineMs: number | null;
  /** False for what changes nothing on this machine: the first signal has nothing to announce, the second ends with 130. */
  readonly undoes?: boolean;
  /** Errors for which nobody waits abort as well, so that what was done is undone by whoever did it. */
  readonly hearsErrors?: boolean;
  /** Aborts too: of a run in a thread of its own, which signals do not reach. */
  readonly also?: AbortSignal;
}

/**
 * The one place where signals and a run's deadline are raced. The first signal aborts, and the run undoes what it did;
 * a second one ends the process at once, and the run's watchdog undoes the rest.
 */
export function listenForInterruption({
  deadlineMs,
  undoes = true,
  hearsErrors = false,
  also,
}: InterruptionOptions): Interruption {
  const controller = new AbortController();
  let firstAt = Number.NEGATIVE_INFINITY;
  const onSignal = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (now - firstAt < sameSignalMs) return;
    if (Number.isFinite(firstAt)) {
      process.stderr.write(
        `\n${name} again: stopping at once.${undoes ? " The run's watchdog undoes what is left; `scenarios heal` waits for it." : ""}\n`,
      );
      process.exit(undoes ? ExitCode.notUndone : ExitCode.interrupted);
    }
    firstAt = now;
    if (undoes) {
      process.stderr.write(`\n${name}: undoing everything. Again, to stop at once and leave that to its watchdog.\n`);
    }
    controller.abort(
      new InterruptedError(`Interrupted by ${name}.`, {
        code: "interrupted",
        next: "The run is judged no further; the line about the clean-up says whether all was undone.",
      }),
    );
  };
  const timer = deadlineMs === null ? undefined : setTimeout(() => controller.abort(tooLate(deadlineMs)), deadlineMs);
  for (const name of signals) process.on(name, onSignal);
  let heard: unknown;
  let isAskedFor = false;
  const onError = (error: unknown) => {
    // Once the verdict is made nobody asks again.
    if (isAskedFor || controller.signal.aborted) return tellFurther(error);
    heard = isOwnBug(error) ? error : unheard(error);
    controller.abort(heard);
  };
  const stopHearing = hearsErrors ? hearErrors(onError) : undefined;
  const onAlso = () => controller.abort(also?.reason);
  if (also?.aborted === true) onAlso();
  also?.addEventListener("abort", onAlso, { once: true });
  return {
    signal: controller.signal,
    unheard() {
      isAskedFor = true;
      return heard;
    },
    close() {
      clearTimeout(timer);
      stopHearing?.();
      also?.removeEventListener("abort", onAlso);
      // The echo of the signal that ended the run may come yet; it must not kill the process before it has said how.
      if (Number.isFinite(firstAt)) return;
      for (const name of signals) process.off(name, onSignal);
    },
  };
}

/**
 * For a command of several runs: a signal that comes while none of them listens must not end the process before what
 * ran is told. During a run it is that one's to answer; this only says that no further one is to begin.
 */
export function listenBetweenRuns(): Omit<Interruption, "unheard"> {
  const controller = new AbortController();
  const onSignal = () => controller.abort();
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    close: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}

function tooLate(deadlineMs: number): DeadlineError {
  return new DeadlineError(`The run's deadline of ${deadlineMs / 1000} s passed.`, {
    code: "deadline",
    next: "Look at the last steps in the run directory, or allow more with --timeout TIME.",
  });
}

export function unheard(error: unknown): UnheardError {
  const place = placeOf(error);
  const where = place === undefined ? "" : ` (${place})`;
  return new UnheardError(`Something failed for which nobody waited: ${messageOf(error)}${where}.`, {
    code: "unheard",
    next: "Look there for a promise without `await`, or an event `error` to which nobody listens.",
    cause: error,
  });
}

/** Rejects with the reason as soon as the signal is aborted; the work itself goes on and must end by other means. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
    // The loser may fail later; nobody waits for it any more.
    work.catch(() => undefined);
  }
}
