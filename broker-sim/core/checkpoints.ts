import { assert } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import type { BrokerState } from "./broker-state.ts";
import type { JobRecord } from "./records.ts";
import { type Turn, persistJob } from "./turn.ts";

/** Why a checkpoint cannot be taken over, or undefined when all that it names is in the store. */
export function checkpointProblem(state: BrokerState, reference: CheckpointReference): string | undefined {
  if (!state.blobs.has(reference.manifestDigest)) return `its manifest ${reference.manifestDigest} is not in the store`;
  const archive = state.blobs.get(reference.archiveDigest);
  if (archive === undefined) return `its archive ${reference.archiveDigest} is not in the store`;
  if (archive.bytes === reference.archiveBytes) return undefined;
  return `its archive has ${archive.bytes} bytes in the store and ${reference.archiveBytes} in the reference`;
}

/** Whether word of a later one came first. */
export function isOvertaken({ checkpoint }: JobRecord, told: CheckpointReference | undefined): boolean {
  return told !== undefined && checkpoint !== null && told.number < checkpoint.number;
}

/** Makes `next` the job's checkpoint; what the one before referred to goes when nothing else refers to it. */
export function replaceCheckpoint(turn: Turn, job: JobRecord, next: CheckpointReference): void {
  const before = job.checkpoint;
  job.checkpoint = next;
  persistJob(turn, job);
  for (const digest of digestsOf(next)) pin(turn, digest);
  if (before !== null) for (const digest of digestsOf(before)) unpin(turn, digest);
}

/** A settled job's record may still name its last checkpoint, for the reader; its blobs are let go. */
export function releaseBlobs(turn: Turn, job: JobRecord): void {
  if (job.checkpoint !== null) for (const digest of digestsOf(job.checkpoint)) unpin(turn, digest);
}

/** Keeps a blob that was just stored, or asked for, until its uploader has had the time to refer to it. */
export function touchBlob(turn: Turn, { digest, bytes }: { digest: string; bytes: number }): void {
  const { state, nowMs } = turn;
  const keepUntilMs = nowMs + state.timing.leaseTtlMs;
  const blob = state.blobs.get(digest);
  if (blob === undefined) state.blobs.set(digest, { bytes, references: 0, keepUntilMs });
  else blob.keepUntilMs = keepUntilMs;
  state.alarms.ensure("blob", digest, keepUntilMs);
}

/** An upload's time is over: it goes unless a checkpoint refers to it. */
export function expireBlob(turn: Turn, digest: string): void {
  const blob = turn.state.blobs.get(digest);
  if (blob === undefined) return;
  // Also while something refers to it: when that lets go, nothing else would look at it any more.
  if (blob.keepUntilMs > turn.nowMs) turn.state.alarms.ensure("blob", digest, blob.keepUntilMs);
  else if (blob.references === 0) {
    sometimes("a blob expired that nothing referred to");
    removeBlob(turn, digest);
  }
}

function pin(turn: Turn, digest: string): void {
  const blob = turn.state.blobs.get(digest);
  assert(blob !== undefined, "a checkpoint is taken over only when its blobs are in the store");
  blob.references += 1;
  blob.keepUntilMs = 0;
}

function unpin(turn: Turn, digest: string): void {
  const blob = turn.state.blobs.get(digest);
  assert(blob !== undefined, "a live job's checkpoint is in the store");
  assert(blob.references > 0, "a blob is let go as often as it was referred to");
  blob.references -= 1;
  if (blob.references === 0 && blob.keepUntilMs <= turn.nowMs) removeBlob(turn, digest);
}

function removeBlob(turn: Turn, digest: string): void {
  turn.state.blobs.delete(digest);
  turn.effects.push({ kind: "remove-blob", digest });
}

function digestsOf(reference: CheckpointReference): string[] {
  return [reference.manifestDigest, reference.archiveDigest];
}
