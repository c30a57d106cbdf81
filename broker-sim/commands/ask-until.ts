import { setTimeout as wait } from "node:timers/promises";

import { HouseguestError, messageOf } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";

/** The longest wait before a broker that did not answer is asked again, in milliseconds. */
const retryMsMax = 5_000;

/** What became of what was asked for is not known: exit 2. */
export class NotFollowedError extends HouseguestError {
  override readonly name = "NotFollowedError";
  override readonly exitCode = ExitCode.unknown;
}

export interface Asking<T> {
  /** What it throws counts as a hiccup when it is a HouseguestError that is `retriable`. */
  readonly ask: () => Promise<T>;
  /** Hears each answer. @returns whether it is the one that was waited for */
  readonly hear: (answer: T) => boolean;
  /** How often it is asked, in milliseconds. */
  readonly pollIntervalMs: number;
  /** For how long, in milliseconds, a broker may go without an answer. */
  readonly patienceMs: number;
  /** Hears a line when a broker begins not to answer. */
  readonly tell: (line: string) => void;
  /** What then holds of what was asked for, as the beginning of a sentence: `The jobs are not affected`. */
  readonly meanwhile: string;
  /** What to do where the patience ends, in a sentence. */
  readonly next: string;
}

/**
 * Asks a broker until it answers what is waited for, however long that takes. One that does not answer, or says that it
 * cannot just now, is asked again, less and less often.
 *
 * @throws NotFollowedError `gave-up`
 * @throws HouseguestError a refusal that asking again does not change
 */
export async function askUntil<T>(asking: Asking<T>): Promise<T> {
  const { ask, hear, pollIntervalMs, patienceMs, tell, meanwhile } = asking;
  let failures = 0;
  let answeredAt = performance.now();
  for (;;) {
    let answer: T;
    try {
      answer = await ask();
    } catch (error) {
      if (!(error instanceof HouseguestError) || !error.retriable) throw error;
      const leftMs = answeredAt + patienceMs - performance.now();
      if (leftMs <= 0) throw gaveUp(error, asking);
      if (failures === 0) tell(`${error.message} ${meanwhile}; asking again for ${inSeconds(leftMs)}.`);
      failures += 1;
      await wait(Math.min(pollIntervalMs * 2 ** Math.min(failures, 10), retryMsMax, leftMs));
      continue;
    }
    failures = 0;
    answeredAt = performance.now();
    if (hear(answer)) return answer;
    await wait(pollIntervalMs);
  }
}

function gaveUp(
  error: HouseguestError,
  { patienceMs, next }: Pick<Asking<unknown>, "patienceMs" | "next">,
): NotFollowedError {
  return new NotFollowedError(`Gave up after ${inSeconds(patienceMs)} without an answer: ${messageOf(error)}`, {
    code: "gave-up",
    next,
    retriable: true,
    cause: error,
  });
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
