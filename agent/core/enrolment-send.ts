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
 * that failed is kept: the heartbeats that are refused meanwhile neither repeat it nor shorten it. A broker that takes
 * the agent in and forgets it again is asked after waits that grow, or the two would go on at full speed.
 */
export function enrolAnew(turn: Turn): void {
  if (turn.core.enrolCall !== "none") return;
  const timesBefore = countUnheeded(turn);
  if (timesBefore === 0) enrol(turn);
  else waitToEnrol(turn, timesBefore);
}

/**
 * Enrols again after a wait that grows with each time: whoever takes turns with somebody else must not do so at full
 * speed. A wait under way is not begun anew, or the heartbeats that are refused meanwhile would put it off for ever.
 */
export function reenrol(turn: Turn): void {
  if (turn.core.enrolCall !== "none") return;
  waitToEnrol(turn, countUnheeded(turn) + 1);
}

/** Counts that the broker does not heed this instance any more; returns how often that was before, without a time of peace. */
function countUnheeded({ core, nowMs }: Turn): number {
  if (nowMs - core.enrolledAtMs > agentLimits.heededInPeaceMs) core.timesUnheeded = 0;
  core.timesUnheeded += 1;
  return core.timesUnheeded - 1;
}

/** Enrols after the wait before that attempt, counted from 1. */
export function waitToEnrol(turn: Turn, attempt: number): void {
  turn.core.enrolCall = "waits";
  turn.setTimer("enrol", { delayMs: retryDelayMs(attempt), jitterRatio: 0.2 });
}
