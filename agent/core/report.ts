import { sometimes } from "../../foundation/sometimes.ts";
import { wake } from "./heartbeat-send.ts";
import { dropLease } from "./held-leases.ts";
import { handBack, retryDelayMs, slotsFree } from "./lease-facts.ts";
import type { BrokerOutcome } from "./outcome.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";
import { startUpload } from "./upload.ts";

/**
 * The outbox: every lease whose job ended here has a report for the broker, a completion or a return. It stands in the
 * journal before the working directory is wiped, and is repeated until the broker has answered it for good.
 */
export function sendReport(turn: Turn, lease: HeldLease): void {
  const { report } = lease;
  if (report === null || lease.reportInFlight || !lease.claimed) return;
  if (report.kind === "return") {
    // A withdrawal hands back all that is left in one message.
    if (turn.core.withdrawal !== null) return;
    const upload = lease.checkpoint?.upload;
    if (upload === "inFlight") return;
    if (upload === "waiting") {
      startUpload(turn, lease);
      return;
    }
  }
  lease.reportInFlight = true;
  if (report.kind === "complete") turn.emit({ kind: "complete", leaseId: lease.leaseId, body: report.body });
  else {
    const { reason } = report;
    const { startFailed, agentDied } = lease;
    turn.emit({ kind: "returnLease", handBack: handBack(lease), reason, startFailed, agentDied });
  }
}

/** Sends every report that waits. */
export function flushReports(turn: Turn): void {
  for (const lease of turn.leases()) sendReport(turn, lease);
}

export function onReportAnswered(
  turn: Turn,
  { leaseId, outcome }: { leaseId: string; outcome: BrokerOutcome<unknown> },
): void {
  const lease = turn.core.leases[leaseId];
  if (lease === undefined || !lease.reportInFlight) return;
  lease.reportInFlight = false;
  if (!outcome.ok && outcome.retriable) {
    sometimes("a report was repeated");
    retryLater(turn);
    return;
  }
  // The broker answers again, whatever it says.
  turn.core.outboxAttempts = 0;
  turn.core.outboxWaits = false;
  if (!outcome.ok && outcome.code === "fenced") {
    // The lease is over, or the broker heeds another instance just now: the next heartbeat that it takes tells which.
    sometimes("a report was fenced");
    lease.claimed = false;
    wake(turn, "a report was fenced");
    return;
  }
  // Settled, unknown: the job goes on elsewhere or not at all, and nothing that we say changes that.
  if (!outcome.ok) {
    sometimes("a report was refused for good");
    turn.log("warn", `The broker refused the report on ${lease.jobId} (${leaseId}): ${outcome.code}`);
  }
  const wasReturn = lease.report?.kind === "return";
  lease.report = null;
  if (lease.stage === "reporting") finishLease(turn, lease);
  // The broker does not hint at work that just came back from here; whoever has room asks.
  if (wasReturn && slotsFree(turn.core) > 0) wake(turn, "a lease was given back");
}

/**
 * A report failed for now: everything that waits is tried again after a while, or when the broker is heard again. What
 * fails meanwhile joins that wait: many leases do not make it longer.
 */
export function retryLater(turn: Turn): void {
  const { core } = turn;
  if (core.outboxWaits) return;
  core.outboxWaits = true;
  core.outboxAttempts += 1;
  turn.setTimer("outbox", { delayMs: retryDelayMs(core.outboxAttempts), jitterRatio: 0.2 });
}

export function onOutboxTimer(turn: Turn): void {
  turn.core.outboxWaits = false;
  flushReports(turn);
}

/** Nothing of the lease is left to do. */
export function finishLease(turn: Turn, lease: HeldLease): void {
  dropLease(turn.core, lease);
  turn.remember({ key: `lease:${lease.leaseId}`, value: null });
  turn.emit({ kind: "discardCheckpoints", leaseId: lease.leaseId });
}
