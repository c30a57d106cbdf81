import { sometimes } from "../../foundation/sometimes.ts";
import { leaseMarginMs } from "../../protocol/lease-margin.ts";
import { stopLease } from "./lease-stop.ts";
import { isTimed } from "./lease-stages.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

/** The broker renewed the lease for `ttlMs` at some time after `fromMs` on our clock. */
export function renewLease(lease: HeldLease, { fromMs, ttlMs }: { fromMs: number; ttlMs: number }): void {
  lease.ownDeadlineMs = fromMs + ttlMs - leaseMarginMs(ttlMs);
}

/** The broker granted the lease until then on its own clock. */
export function grantLease(turn: Turn, lease: HeldLease, expiresAt: number): void {
  const { core, nowMs } = turn;
  const ttlMs = Math.min(core.timing.leaseTtlMs, expiresAt - core.brokerAheadMs - nowMs);
  renewLease(lease, { fromMs: nowMs, ttlMs });
}

/**
 * A lease that nobody renewed is given up before the broker may grant it again: its holder stops first, by its own
 * clock (docs/cases.md, case 3).
 */
export function onLeaseTimer(turn: Turn): void {
  for (const lease of turn.leases()) {
    if (!isTimed(lease.stage) || lease.ownDeadlineMs > turn.nowMs) continue;
    sometimes("a lease ran out by its holder's clock");
    stopLease(turn, lease, { why: "the lease ran out before the broker renewed it", after: "return" });
  }
  setLeaseTimer(turn);
}

export function setLeaseTimer(turn: Turn): void {
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const { stage, stop, ownDeadlineMs } of turn.leases()) {
    if (isTimed(stage) && stop === null) earliestMs = Math.min(earliestMs, ownDeadlineMs);
  }
  if (earliestMs === Number.POSITIVE_INFINITY) turn.clearTimer("leases");
  else turn.setTimer("leases", { delayMs: earliestMs - turn.nowMs });
}
