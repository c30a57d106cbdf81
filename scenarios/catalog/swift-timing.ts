import type { Timing } from "../../protocol/timing.ts";
import { briskTiming } from "./brisk-timing.ts";

/**
 * Shorter still, for scenarios that wait until an agent is lost or its lease is over: about two seconds. On a busy machine
 * an agent may be lost that is well; what such a scenario claims has to hold then, too.
 */
export const swiftTiming: Partial<Timing> = {
  ...briskTiming,
  heartbeatIntervalMs: 300,
  activityTimeoutMs: 2_000,
  leaseTtlMs: 3_000,
  offerTtlMs: 2_000,
  requestTimeoutMs: 1_000,
  shutdownTimeoutMs: 2_000,
};
