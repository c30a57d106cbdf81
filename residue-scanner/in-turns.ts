import { setImmediate } from "node:timers/promises";

import { systemClock } from "../foundation/clock.ts";
import type { Steps } from "./core/steps.ts";

/** So long at a time work keeps the thread to itself, in ms: a signal is heard after that, and a timer late by as much. */
const turnMs = 50;

/**
 * Takes the steps of long work in short turns, between which signals are heard and timers run.
 *
 * @throws the signal's reason when it aborts, also in the last turn
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  try {
    for (;;) {
      const untilMs = systemClock.monotonicMs() + turnMs;
      let step = steps.next();
      while (step.done !== true && systemClock.monotonicMs() < untilMs) step = steps.next();
      await setImmediate();
      signal?.throwIfAborted();
      if (step.done === true) return step.value;
    }
  } finally {
    // Work that is left in its midst gives back what it holds: an open file.
    steps.return(undefined as never);
  }
}
