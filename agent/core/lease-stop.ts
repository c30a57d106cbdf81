import { sometimes } from "../../foundation/sometimes.ts";
import { agentLimits, withdrawalShares } from "./limits.ts";
import { finishLease, sendReport } from "./report.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";
import { timeLeftMs } from "./withdrawal-steps.ts";

type Stop = NonNullable<HeldLease["stop"]>;

const strictness: Record<Stop["after"], number> = { return: 0, part: 1, forget: 2 };

/**
 * Ends a lease on this host before its job is done. What is under way (an accept, a spawn) is awaited and then undone,
 * so that no ghost stays (docs/cases.md, case 14).
 */
export function stopLease(turn: Turn, lease: HeldLease, stop: Stop): void {
  switch (lease.stage) {
    case "accepting":
    case "preparing":
    case "spawning":
      if (lease.stage === "spawning") sometimes("a lease was stopped while its sandbox was being spawned");
      lease.stop = stricter(lease.stop, stop);
      return;
    case "held":
      lease.stop = stop;
      wipe(turn, lease);
      return;
    case "running":
      lease.stop = stop;
      lease.savingGeneration = null;
      turn.moveExecution(lease, "killing", stop.why);
      lease.stage = "ending";
      terminate(turn, lease);
      return;
    case "ending":
    case "broken":
    case "wiping":
      // Its job ended by itself, or it is on its way out already; what the broker hears may change, and its time.
      if (stop.after === "forget") lease.report = null;
      if (lease.stop !== null || stop.after === "forget") lease.stop = stricter(lease.stop, stop);
      // Whoever leaves has stopped it in its grace, and has less time than it was given.
      if (lease.stage === "ending" && stop.after === "part") terminate(turn, lease);
      return;
    case "reporting":
      if (stop.after === "forget") finishLease(turn, lease);
      else if (stop.after === "part" && lease.report?.kind === "return") partFrom(lease);
      return;
    case "parted":
      if (stop.after === "forget") finishLease(turn, lease);
      return;
  }
}

/** TERM, then KILL after the grace; a frozen or urgent one is not woken for TERM. What is under way is hurried by it. */
export function terminate(turn: Turn, lease: HeldLease): void {
  const graceMs = terminateGraceMs(turn, lease);
  const deadlineMs = terminateDeadlineMs(turn, graceMs);
  lease.endInFlight = true;
  turn.emit({ kind: "terminateSandbox", leaseId: lease.leaseId, graceMs, deadlineMs });
}

/** What could not be killed is tried again now and then: the kernel lets go of it some time, and the slot is free then. */
export function retryBroken(turn: Turn): void {
  for (const lease of turn.leases()) if (lease.stage === "broken" && !lease.endInFlight) terminate(turn, lease);
}

/** All that are being ended already, by the time that there is now. */
export function hurryEnds(turn: Turn): void {
  for (const lease of turn.leases()) if (lease.stage === "ending") terminate(turn, lease);
}

/** After the working directory is gone (or need not go on its own), what the broker hears is all that is left. */
export function wipe(turn: Turn, lease: HeldLease): void {
  if (lease.stop?.after === "return") lease.report = { kind: "return", reason: lease.stop.why };
  if (turn.core.withdrawal === null) {
    lease.stage = "wiping";
    turn.emit({ kind: "wipeSandbox", leaseId: lease.leaseId });
  } else if (lease.report?.kind === "complete") {
    // A withdrawal wipes the whole home in one of its steps.
    lease.stage = "reporting";
  } else {
    partFrom(lease);
  }
  sendReport(turn, lease);
}

export function partFrom(lease: HeldLease): void {
  lease.stage = "parted";
  lease.report = null;
  lease.reportInFlight = false;
}

function terminateGraceMs({ core, nowMs }: Turn, lease: HeldLease): number {
  const { timing, withdrawal, shutdown, pause } = core;
  // The job itself is done; only what it left running is in the way.
  if (lease.stop === null) return 0;
  if (withdrawal !== null) {
    // Nobody renewed the lease while the job stood still: it is not woken, for somebody else may be at it (I1).
    if (lease.ownDeadlineMs <= nowMs) return 0;
    const share = (withdrawal.endsAtMs - withdrawal.sharedFromMs) * agentLimits.withdrawTerminateGraceRatio;
    return Math.min(timing.terminateGraceMs, share);
  }
  // TERM would have to wake it, and a paused host stays quiet, even on the way out (I5).
  if (pause !== null) return 0;
  if (shutdown !== null) return shutdown.level === 1 ? timing.terminateGraceMs : 0;
  return timing.terminateGraceMs;
}

/** How long it is tried before the slot counts as broken; whoever leaves soon does not wait for what cannot be killed. */
function terminateDeadlineMs(turn: Turn, graceMs: number): number {
  const { withdrawal, shutdown } = turn.core;
  if (withdrawal !== null) return Math.max(0, timeLeftMs(turn, withdrawal, withdrawalShares.terminate));
  if (shutdown !== null && shutdown.level > 1) return agentLimits.urgentNotifyMs;
  return graceMs + agentLimits.unkillableAfterMs;
}

function stricter(before: Stop | null, wanted: Stop): Stop {
  return before !== null && strictness[before.after] >= strictness[wanted.after] ? before : wanted;
}
