import { retryDelayMs } from "./lease-facts.ts";
import { agentLimits } from "./limits.ts";
import type { Turn } from "./turn.ts";

/** Asks the broker to know the key. From here on it may, so the journal says so first. */
export function enrol(turn: Turn): void {
  const { core } = turn;
  if (!core.enrolmentSent) {
    core.enrolmentSent = true;
    turn.remember({ key: "membership", value: { enrolmentSent: true } });
  }
  if (core.enrolWaits) turn.clearTimer("enrol");
  core.enrolWaits = false;
  core.enrolAttempts += 1;
  core.enrolInFlight = true;
  turn.emit({ kind: "enrol", slots: core.slots });
}

/**
 * Enrols again after a wait that grows with each time: whoever takes turns with somebody else must not do so at full
 * speed. A wait under way is not begun anew, or the heartbeats that are refused meanwhile would put it off for ever.
 */
export function reenrol(turn: Turn): void {
  const { core, nowMs } = turn;
  if (core.enrolInFlight || core.enrolWaits) return;
  if (nowMs - core.enrolledAtMs > agentLimits.heededInPeaceMs) core.timesUnheeded = 0;
  core.timesUnheeded += 1;
  waitToEnrol(turn, core.timesUnheeded);
}

/** Enrols after the wait before that attempt, counted from 1. */
export function waitToEnrol(turn: Turn, attempt: number): void {
  turn.core.enrolWaits = true;
  turn.setTimer("enrol", { delayMs: retryDelayMs(attempt), jitterRatio: 0.2 });
}
