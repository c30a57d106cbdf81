import { assert } from "../foundation/assert.ts";
import type { Timing } from "./timing.ts";

/** How long a job waits after an attempt that came to nothing, both ends included, in whole milliseconds. */
export interface BackoffRange {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * The wait after the nth attempt of a job that came to nothing: `backoffMs`, doubled with each attempt before it, and
 * `backoffMsMax` at most. It is drawn from the upper half of that, so that jobs that were lost together do not come
 * back together.
 *
 * @param attempt 1 for the first
 */
export function backoffAfter(
  attempt: number,
  { backoffMs, backoffMsMax }: Pick<Timing, "backoffMs" | "backoffMsMax">,
): BackoffRange {
  assert(Number.isSafeInteger(attempt) && attempt >= 1, "attempts are counted from 1");
  const mostMs = Math.min(backoffMsMax, backoffMs * 2 ** (attempt - 1));
  return { leastMs: Math.ceil(mostMs / 2), mostMs };
}
