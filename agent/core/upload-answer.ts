import { sometimes } from "../../foundation/sometimes.ts";
import type { BrokerOutcome } from "./outcome.ts";
import { retryLater, sendReport } from "./report.ts";
import type { Turn } from "./turn.ts";

/** The broker has the checkpoint, or not; whoever waited for that goes on. */
export function onUploadAnswered(
  turn: Turn,
  { leaseId, generation, outcome }: { leaseId: string; generation: number; outcome: BrokerOutcome<unknown> },
): void {
  const lease = turn.core.leases[leaseId];
  const checkpoint = lease?.checkpoint;
  // A newer checkpoint took its place while it was on its way.
  if (lease === undefined || checkpoint === null || checkpoint === undefined) return;
  if (checkpoint.generation !== generation || checkpoint.upload !== "inFlight") return;
  if (outcome.ok) {
    checkpoint.upload = "done";
    // Not journalled: whoever goes on from the journal asks the broker whether it has the blobs, and a write to the
    // disk at this moment could stand in the way of the next freeze.
    // Whoever reports the lease's end names it there; else it is named now, whatever comes: nothing may come any more.
    if (lease.report === null) {
      turn.emit({ kind: "reportProgress", leaseId, epoch: lease.epoch, checkpoint: checkpoint.reference });
    }
  } else if (outcome.retriable) {
    sometimes("an upload did not get through and waited");
    checkpoint.upload = "waiting";
  } else {
    sometimes("an upload was refused for good");
    checkpoint.upload = "refused";
    turn.log("warn", `The broker does not take the checkpoint of ${lease.jobId}: ${outcome.message}`);
  }
  if (lease.report?.kind === "return") {
    if (checkpoint.upload === "waiting") retryLater(turn);
    else sendReport(turn, lease);
  }
}
