import { isLeaving } from "./lease-facts.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

/** Brings a saved checkpoint to the broker, so that another host can go on from it. */
export function startUpload(turn: Turn, lease: HeldLease): void {
  const { checkpoint, leaseId } = lease;
  if (checkpoint === null || checkpoint.upload !== "waiting") return;
  checkpoint.upload = "inFlight";
  const { generation, reference } = checkpoint;
  turn.emit({ kind: "uploadCheckpoint", leaseId, generation, reference });
}

/** The same again; and what the broker may not have heard of is brought and told anew. */
export function startUploadAgain(turn: Turn, lease: HeldLease): void {
  if (lease.checkpoint?.upload === "untold") lease.checkpoint.upload = "waiting";
  startUpload(turn, lease);
}

/**
 * The broker answers (again): what did not get through while nobody waited for it goes on from where the broker has it.
 * While paused, too: it takes the network and nothing of the jobs, and a pause is acknowledged with what is there (I8).
 */
export function resumeUploads(turn: Turn): void {
  if (isLeaving(turn.core)) return;
  for (const lease of turn.leases()) if (lease.claimed && lease.stage === "running") startUploadAgain(turn, lease);
}
