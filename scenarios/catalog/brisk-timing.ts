import type { Timing } from "../../protocol/timing.ts";

/** The fleet's times shortened so that a run takes seconds and still meets every rule between them. */
export const briskTiming: Partial<Timing> = {
  heartbeatIntervalMs: 500,
  activityTimeoutMs: 5_000,
  leaseTtlMs: 10_000,
  offerTtlMs: 3_000,
  terminateGraceMs: 500,
  requestTimeoutMs: 3_500,
  shutdownTimeoutMs: 5_000,
  resultTimeoutMs: 10_000,
};
