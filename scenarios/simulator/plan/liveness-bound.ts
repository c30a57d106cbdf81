import type { Timing } from "../../../protocol/timing.ts";

/**
 * What every wait of agent and broker together may take once nothing fails any more: leases run out and are granted
 * again after the job has waited, broken slots and refused jobs are tried again, the longest retry comes round. Work
 * comes on top.
 */
export function livenessMsOf({
  leaseTtlMs,
  activityTimeoutMs,
  offerTtlMs,
  resultTimeoutMs,
  backoffMsMax,
}: Timing): number {
  const retryMs = 2 * 75_000 + 2 * backoffMsMax;
  return 2 * leaseTtlMs + activityTimeoutMs + offerTtlMs + 2 * resultTimeoutMs + retryMs + 4 * 60_000;
}
