import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { CheckpointContent } from "../../../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import { durationMs } from "./world.ts";

/** A checkpoint takes so long at least, and so much for each megabyte. */
const checkpointMsMin = 5;
const checkpointMsPerMegabyte = 4;
const heardMsMax = 20;
const archiveBytesPerMegabyte = 1_000;

/** The most that it takes until a checkpoint of so much is heard of, in milliseconds. */
export function snapshotMs(megabytes: number): number {
  return checkpointMsMin + checkpointMsPerMegabyte * megabytes + heardMsMax;
}

/** Reads what is in a sandbox's directory; the checkpoint is kept on the host until it is dropped. */
export function saveCheckpoint(
  body: AgentProcess,
  { leaseId, jobId, generation }: Extract<AgentEffect, { kind: "saveCheckpoint" }>,
): void {
  const { host, world } = body;
  if (host.checkpointsFail > 0) {
    host.failures += 1;
    body.later(checkpointMsMin, { type: "checkpointFailed", leaseId, generation, reason: "no space left on device" });
    return;
  }
  const directory = `directory:${body.home}/checkpoints/${leaseId}`;
  body.ledger.make(directory);
  const sandbox = host.sandboxes.get(leaseId);
  const megabytes = sandbox?.behaviour.megabytes ?? 0;
  const resumes = sandbox?.resumes ?? 0;
  const progress = host.workspaceProgress(leaseId);
  const maxMs = checkpointMsMin + checkpointMsPerMegabyte * megabytes;
  const tookMs = durationMs(host.stream, "checkpoint", { minMs: checkpointMsMin, maxMs });
  body.whenDone(tookMs, () => {
    if (body.core.freeze?.generation !== generation) {
      body.see({ type: "checkpointFailed", leaseId, generation, reason: "it was called off" });
      return;
    }
    // Whatever the job wrote while its directory was read is in the archive in part.
    const torn =
      sandbox !== undefined && (sandbox.resumes !== resumes || (sandbox.processes > 0 && !sandbox.isStopped));
    const content = { jobId, progress, torn };
    const written: CheckpointContent = world.blobs.add(content, Math.ceil(megabytes * archiveBytesPerMegabyte));
    // All of the lease's may have been dropped meanwhile; what is being written goes with them.
    if (host.has(directory)) host.keepCheckpoint(leaseId, generation, { written, content, rotten: false });
    // Whoever wrote it is not who hears of it: a resume may come between.
    const heardMs = durationMs(host.stream, "saved", { minMs: 0, maxMs: heardMsMax });
    body.later(heardMs, { type: "checkpointSaved", leaseId, generation, content: written, durationMs: tookMs });
  });
}

/** Drops every checkpoint of a lease, and their directory. */
export function dropCheckpoints(body: AgentProcess, leaseId: string): void {
  body.host.dropCheckpoints(leaseId);
  if (body.host.has(`directory:${body.home}/checkpoints/${leaseId}`)) {
    body.ledger.unmake(`directory:${body.home}/checkpoints/${leaseId}`);
  }
}
