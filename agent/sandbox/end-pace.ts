import { systemClock } from "../../foundation/clock.ts";
import type { EndLimits } from "./port.ts";

/**
 * The part of the deadline that is kept for the time after KILL, in milliseconds. On a host whose processors are busy,
 * one that was killed may take more than half a second to be gone.
 */
const killReserveMs = 1_500;

/**
 * How a termination that is under way goes on: whoever asks for it again makes it stricter and never milder, so that
 * KILL comes, and the end of it, at the earliest time that anybody named.
 */
export class EndPace {
  /** When KILL follows TERM, by the monotonic clock in milliseconds. */
  killAt = Number.POSITIVE_INFINITY;
  /** When it is given up. */
  deadline = Number.POSITIVE_INFINITY;
  /** How often a grace was asked for: who was frozen meanwhile is to go on for each. */
  graces = 0;
  #onHurried: () => void = () => undefined;

  constructor(limits: EndLimits) {
    this.hurry(limits);
  }

  hurry({ graceMs, deadlineMs }: EndLimits): void {
    const now = systemClock.monotonicMs();
    const killInMs = Math.min(graceMs, deadlineMs - Math.min(killReserveMs, deadlineMs / 2));
    this.killAt = Math.min(this.killAt, now + killInMs);
    this.deadline = Math.min(this.deadline, now + deadlineMs);
    if (graceMs > 0) this.graces += 1;
    this.#onHurried();
  }

  /** Calls back whenever it is asked for again. */
  onHurried(heard: () => void): void {
    this.#onHurried = heard;
  }
}
