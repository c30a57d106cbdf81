import { limits } from "../../foundation/limits.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { UploadStatus } from "../../protocol/uploads.ts";
import { brokerLimits } from "./broker-limits.ts";
import { admit } from "./callers.ts";
import { touchBlob } from "./checkpoints.ts";
import { type BrokerInput, type BrokerResponse, type Refusal, acknowledged, refuse } from "./inputs.ts";
import type { KnownAgent } from "./known-agent.ts";
import { jobOfLease } from "./lease-id.ts";
import type { UploadKey } from "./records.ts";
import type { Turn } from "./turn.ts";
import { type Upload, uploadIdOf } from "./upload-list.ts";

/**
 * A part of a checkpoint arrives chunk by chunk. How much of it is there is decided here alone, and a chunk is taken at
 * exactly that place: what a lost answer, a repeat or a restart did to either side is found by asking. What is there is
 * the uploader's for as long as it holds the lease, and is believed only when the whole has its digest.
 */

/** Whether the bytes that were uploaded are those that their address promises. */
export function isWhole(digest: string, measured: string): boolean {
  return measured === digest;
}

/** How much of an upload is here. */
export function uploadAsked(turn: Turn, input: BrokerInput<"upload-asked">): BrokerResponse<"upload-asked"> {
  const allowed = admitHolder(turn, input);
  if (!allowed.ok) return allowed;
  const stored = storedStatus(turn, input.digest);
  if (stored !== undefined) return { ok: true, answer: stored };
  const upload = turn.state.uploads.get(uploadIdOf(keyOf(input)));
  if (upload !== undefined) touch(turn, upload);
  return { ok: true, answer: { offset: upload?.bytes ?? 0, complete: false } };
}

/** Whether a chunk is taken. When it is, its bytes are written at its offset, and `upload-stored` says so. */
export function uploadChunk(turn: Turn, input: BrokerInput<"upload-chunk">): BrokerResponse<"upload-chunk"> {
  const allowed = admitHolder(turn, input);
  if (!allowed.ok) return allowed;
  // The answer to its last chunk was lost, or somebody else brought the same.
  const stored = storedStatus(turn, input.digest);
  if (stored !== undefined) return { ok: true, answer: { ...stored, take: false } };
  const { offset, bytes, length, complete } = input.chunk;
  if (length > limits.checkpointBytesMax || bytes > limits.uploadChunkBytesMax) {
    const most = `A blob has at most ${limits.checkpointBytesMax} bytes, and a chunk ${limits.uploadChunkBytesMax}.`;
    return refuse("too-large", most);
  }
  if (offset + bytes > length || complete !== (offset + bytes === length) || (bytes === 0 && !complete)) {
    return refuse(
      "bad-request",
      "A chunk ends within the whole, is empty only at its end, and says whether it is the last.",
    );
  }
  const upload = turn.state.uploads.get(uploadIdOf(keyOf(input)));
  if ((upload?.length ?? length) !== length) {
    return refuse("bad-request", `This upload was said to have ${upload?.length} bytes, and now ${length}.`);
  }
  if (offset !== (upload?.bytes ?? 0)) return elsewhere(upload?.bytes ?? 0);
  if (upload !== undefined) {
    upload.length = length;
    touch(turn, upload);
  } else {
    const room = makeRoom(turn, allowed.agent, { leaseId: input.leaseId, length });
    if (!room.ok) return room;
    touch(turn, { ...keyOf(input), id: uploadIdOf(keyOf(input)), bytes: 0, length, keepUntilMs: 0 });
  }
  return { ok: true, answer: { offset, complete: false, take: true } };
}

/** What became of a chunk that was taken: it is in the store, or with it the whole, whose SHA-256 was measured there. */
export function uploadStored(turn: Turn, input: BrokerInput<"upload-stored">): BrokerResponse<"upload-stored"> {
  const { digest, bytes, measured } = input;
  const upload = turn.state.uploads.get(uploadIdOf(input));
  if (upload === undefined) {
    // Its lease ended meanwhile, and with it went what was there.
    turn.effects.push({ kind: "remove-upload", key: plainKey(input) });
    return elsewhere(0);
  }
  if (measured === null) {
    upload.bytes = bytes;
    touch(turn, upload);
    return { ok: true, answer: { offset: bytes, complete: false } };
  }
  if (!isWhole(digest, measured)) {
    sometimes("an upload was thrown away because it had not its digest");
    dropUpload(turn, upload);
    return refuse("digest-mismatch", "What was uploaded does not have the SHA-256 that its address says; begin anew.");
  }
  // The store has made a blob of it.
  turn.state.uploads.delete(upload);
  touchBlob(turn, { digest, bytes });
  return { ok: true, answer: { offset: bytes, complete: true } };
}

/** The store could not keep what it has of an upload; nothing of it counts. */
export function uploadLost(turn: Turn, input: BrokerInput<"upload-lost">): BrokerResponse<"upload-lost"> {
  const upload = turn.state.uploads.get(uploadIdOf(input));
  if (upload !== undefined) dropUpload(turn, upload);
  return acknowledged;
}

/** What is on its way under a lease goes with it: nobody will ask for it any more. */
export function dropUploadsOf(turn: Turn, { agentId, leaseId }: Pick<UploadKey, "agentId" | "leaseId">): void {
  for (const upload of turn.state.uploads.ofLease(agentId, leaseId)) {
    sometimes("an unfinished upload went with its lease");
    dropUpload(turn, upload);
  }
}

/** Nothing was heard of it for the life of a lease. */
export function expireUpload(turn: Turn, id: string): void {
  const upload = turn.state.uploads.get(id);
  if (upload === undefined) return;
  if (upload.keepUntilMs > turn.nowMs) turn.state.alarms.ensure("upload", id, upload.keepUntilMs);
  else {
    sometimes("an unfinished upload expired");
    dropUpload(turn, upload);
  }
}

function admitHolder(
  turn: Turn,
  { caller, leaseId }: BrokerInput<"upload-asked"> | BrokerInput<"upload-chunk">,
): { readonly ok: true; readonly agent: KnownAgent } | Refusal {
  const admitted = admit(turn.state, caller);
  if (!admitted.ok || admitted.agent.held.has(leaseId)) return admitted;
  const isKnown = turn.state.jobs.has(jobOfLease(leaseId));
  return refuse(
    isKnown ? "fenced" : "unknown-lease",
    `The agent does not hold ${leaseId}: nothing is uploaded for it.`,
  );
}

/** What is here as a whole is kept until its uploader has had the time to refer to it. */
function storedStatus(turn: Turn, digest: string): UploadStatus | undefined {
  const blob = turn.state.blobs.get(digest);
  if (blob === undefined) return undefined;
  touchBlob(turn, { digest, bytes: blob.bytes });
  return { offset: blob.bytes, complete: true };
}

/**
 * An upload of a lease makes those of an earlier checkpoint go, which nobody will finish: the one that was heard of
 * longest ago. What an agent claims in all is bounded; the rest waits until some of that is done.
 */
function makeRoom(
  turn: Turn,
  agent: KnownAgent,
  { leaseId, length }: { leaseId: string; length: number },
): { readonly ok: true } | Refusal {
  const [oldest, ...others] = turn.state.uploads.ofLease(agent.agentId, leaseId);
  if (oldest !== undefined && others.length + 1 >= brokerLimits.uploadsPerLeaseMax) {
    sometimes("an unfinished upload gave way to a later one of its lease");
    dropUpload(turn, oldest);
  }
  let claimed = length;
  for (const upload of turn.state.uploads.ofAgent(agent.agentId)) claimed += upload.length ?? upload.bytes;
  if (claimed <= brokerLimits.uploadBytesPerAgentMax) return { ok: true };
  return refuse("full", "The agent has too much on its way already; finish some of it first.");
}

function touch(turn: Turn, upload: Upload): void {
  upload.keepUntilMs = turn.nowMs + turn.state.timing.leaseTtlMs;
  turn.state.uploads.put(upload);
  turn.state.alarms.ensure("upload", upload.id, upload.keepUntilMs);
}

function dropUpload(turn: Turn, upload: Upload): void {
  turn.state.uploads.delete(upload);
  turn.effects.push({ kind: "remove-upload", key: plainKey(upload) });
}

function elsewhere(expectedOffset: number): Refusal {
  return { ...refuse("offset-mismatch", `The next chunk begins at ${expectedOffset}.`), expectedOffset };
}

function keyOf({ caller: { agentId }, leaseId, digest }: BrokerInput<"upload-asked"> | BrokerInput<"upload-chunk">) {
  return { agentId, leaseId, digest };
}

function plainKey({ agentId, leaseId, digest }: UploadKey): UploadKey {
  return { agentId, leaseId, digest };
}
