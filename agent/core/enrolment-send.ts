import { retryDelayMs } from "./lease-facts.ts";
import type { Turn } from "./turn.ts";

/** Asks the broker to know the key. From here on it may, so the journal says so first. */
export function enrol(turn: Turn): void {
  const { core } = turn;
  if (!core.enrolmentSent) {
    core.enrolmentSent = true;
    turn.remember({ key: "membership", value: { enrolmentSent: true } });
  }
  core.enrolAttempts += 1;
  core.enrolInFlight = true;
  turn.emit({ kind: "enrol", slots: core.slots });
}

/** Asks again after a wait that grows: whoever takes turns with somebody else must not do so at full speed. */
export function reenrol(turn: Turn): void {
  const { core } = turn;
  if (core.enrolInFlight) return;
  core.enrolAttempts += 1;
  turn.setTimer("enrol", { delayMs: retryDelayMs(core.enrolAttempts), jitterRatio: 0.2 });
}
