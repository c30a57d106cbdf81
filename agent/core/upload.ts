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
