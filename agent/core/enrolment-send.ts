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
