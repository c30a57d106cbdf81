import { retryDelayMs } from "./lease-facts.ts";
import { agentLimits } from "./limits.ts";
import type { Turn } from "./turn.ts";

/** Asks the broker to know the key. From here on it may, so the journal says so first. */
export function enrol(turn: Turn): void {
  const { core } = turn;
  core.enrolmentSent = true;
  turn.remember({ key: "membership", value: { enrolmentSent: true } });
  core.enrolAttempts += 1;
  core.enrolCall = "inFlight";
  turn.emit({ kind: "enrol", slots: core.slots });
}

/**
 * Enrols anew at once, because the broker has forgotten the agent. One call under way is enough, and the wait after one
 * that failed is kept: the heartbeats that are refused meanwhile neither repeat it nor shorten it.
 */
export function enrolAnew(turn: Turn): void {
  if (turn.core.enrolCall === "none") enrol(turn);
}

/**
 * Enrols again after a wait that grows with each time: whoever takes turns with somebody else must not do so at full
 * speed. A wait under way is not begun anew, or the heartbeats that are refused meanwhile would put it off for ever.
 */
export function reenrol(turn: Turn): void {
  const { core, nowMs } = turn;
  if (core.enrolCall !== "none") return;
  if (nowMs - core.enrolledAtMs > agentLimits.heededInPeaceMs) core.timesUnheeded = 0;
  core.timesUnheeded += 1;
  waitToEnrol(turn, core.timesUnheeded);
}

/** Enrols after the wait before that attempt, counted from 1. */
export function waitToEnrol(turn: Turn, attempt: number): void {
  turn.core.enrolCall = "waits";
  turn.setTimer("enrol", { delayMs: retryDelayMs(attempt), jitterRatio: 0.2 });
}
