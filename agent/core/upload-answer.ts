import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { wake } from "./heartbeat-send.ts";
import { isLeaving } from "./lease-facts.ts";
import type { BrokerFailure, BrokerOutcome } from "./outcome.ts";
import { retryLater, sendReport } from "./report.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

/** The broker has the checkpoint, or not; whoever waited for that goes on. */
export function onUploadAnswered(
  turn: Turn,
  { leaseId, generation, outcome }: { leaseId: string; generation: number; outcome: BrokerOutcome<unknown> },
): void {
  const lease = turn.core.leases[leaseId];
  // The lease was lost, or a newer checkpoint took its place, while it was on its way.
  if (lease?.checkpoint?.generation !== generation) return;
  const { checkpoint } = lease;
  assert(checkpoint.upload === "inFlight", "what is answered was on its way");
  if (outcome.ok) {
    checkpoint.upload = "done";
    // Not journalled: whoever goes on from the journal asks the broker whether it has the blobs, and a write to the
    // disk at this moment could stand in the way of the next freeze.
    // Whoever reports the lease's end names it there; else it is named now, whatever comes: nothing may come any more.
    if (lease.report === null) {
      const { epoch } = lease;
      turn.emit({ kind: "reportProgress", leaseId, generation, epoch, checkpoint: checkpoint.reference });
    }
  } else if (outcome.retriable || isUnheeded(turn, outcome)) {
    sometimes("an upload did not get through and waited");
    checkpoint.upload = "waiting";
  } else if (outcome.code === "damaged-checkpoint") {
    dropDamaged(turn, lease, outcome.message);
  } else {
    sometimes("an upload was refused for good");
    checkpoint.upload = "refused";
    turn.log("warn", `The broker does not take the checkpoint of ${lease.jobId}: ${outcome.message}`);
  }
  if (lease.report?.kind !== "return") return;
  if (checkpoint.upload !== "waiting") sendReport(turn, lease);
  else if (outcome.ok || outcome.retriable) retryLater(turn);
  else {
    // As for a report that is fenced: the next heartbeat that is taken tells whose the lease is.
    lease.claimed = false;
    wake(turn, "an upload was fenced");
  }
}

/** The broker has heard whose checkpoint it was brought, or not: what is nobody's it forgets after a while. */
export function onProgressAnswered(
  turn: Turn,
  { leaseId, generation, outcome }: { leaseId: string; generation: number; outcome: BrokerOutcome<unknown> },
): void {
  const checkpoint = turn.core.leases[leaseId]?.checkpoint;
  // A newer checkpoint took its place while it was told.
  if (checkpoint?.generation !== generation || checkpoint.upload !== "done" || outcome.ok) return;
  // It may have been forgotten by now: whoever tells it again brings it again, from where the broker has it.
  if (outcome.retriable || outcome.code === "unknown-checkpoint" || isUnheeded(turn, outcome)) {
    sometimes("the broker did not hear whose a checkpoint was, and was told again");
    checkpoint.upload = "untold";
  }
}

/** Whether the broker counts on another instance just now: whoever stays enrols again, and then it is heard. */
function isUnheeded({ core }: Turn, { code }: BrokerFailure): boolean {
  return code === "fenced" && !isLeaving(core);
}

/** What rotted on this host's disk is no checkpoint: it goes, and the broker keeps the one before, if it has one. */
function dropDamaged(turn: Turn, lease: HeldLease, reason: string): void {
  const { leaseId, jobId, epoch } = lease;
  const checkpoint = present(lease.checkpoint, "what is dropped was there");
  sometimes("a checkpoint that had rotted on the disk was dropped");
  // Its number stays: the next one is not to be taken for an earlier one.
  checkpoint.upload = "refused";
  turn.emit({ kind: "discardCheckpoint", leaseId, generation: checkpoint.generation });
  turn.record("agent.checkpoint-failed", { jobId, leaseId, epoch, trigger: "upload", reason });
  turn.log("error", `The checkpoint of ${jobId} is lost: ${reason}`);
}
