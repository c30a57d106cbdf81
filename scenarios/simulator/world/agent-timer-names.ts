import type { TimerName } from "../../../agent/core/input.ts";

/** Every timer that an agent may set; the place of one is the number of its events. */
export const timerNames: readonly TimerName[] = [
  "enrol",
  "heartbeat",
  "leases",
  "outbox",
  "snapshot",
  "acknowledge",
  "periodic",
  "cooperation",
  "quiet",
  "shutdown",
  "withdraw",
];
