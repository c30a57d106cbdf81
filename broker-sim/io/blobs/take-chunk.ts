import type { ChunkPlace, UploadStatus } from "../../../protocol/uploads.ts";
import type { BrokerResponse, Caller } from "../../core/inputs.ts";
import type { UploadKey } from "../../core/records.ts";
import { isWhole } from "../../core/uploads.ts";
import type { BlobStore } from "./blob-store.ts";
import type { BrokerService } from "../broker-service.ts";
import { ProblemError, answerOf } from "../problems.ts";

interface Chunk {
  readonly caller: Caller;
  readonly key: UploadKey;
  readonly place: ChunkPlace;
  readonly content: Buffer;
}

/**
 * Takes in a chunk: whether is the core's to say; then it is written, and after the last one the whole is read back and
 * made a blob if it is what its address says, or thrown away. A chunk that comes after a crash in the middle of this
 * finds what is there.
 *
 * @throws ProblemError what the core or the store refuses it for
 */
export async function takeChunk(
  { service, blobs }: { readonly service: BrokerService; readonly blobs: BlobStore },
  { caller, key, place, content }: Chunk,
): Promise<UploadStatus> {
  const { leaseId, digest } = key;
  const chunk = { ...place, bytes: content.length };
  const decided = await service.handle({ type: "upload-chunk", caller, leaseId, digest, chunk });
  const { take, ...status } = answerOf(decided);
  if (!take) return status;
  try {
    await blobs.append(key, { offset: place.offset, content });
    const bytes = place.offset + content.length;
    const written = answerOf(await service.handle({ type: "upload-stored", ...key, bytes, measured: null }));
    if (!place.complete) return written;
    const measured = await blobs.measure(key);
    const tell = (): Promise<BrokerResponse<"upload-stored">> =>
      service.handle({ type: "upload-stored", ...key, bytes, measured });
    if (!isWhole(digest, measured)) return answerOf(await tell());
    let told = Promise.resolve<BrokerResponse<"upload-stored"> | null>(null);
    await blobs.keep(key, () => {
      told = tell();
      // Awaited below; a broker that fails meanwhile says so itself.
      told.catch(() => undefined);
    });
    const kept = await told;
    // Its lease ended in between: it is nobody's, unless somebody else brought the same.
    if (kept?.ok === false) await blobs.remove(digest, () => service.state.blobs.has(digest));
    return kept === null ? written : answerOf(kept);
  } catch (error) {
    const isGone = error instanceof ProblemError && error.problem.code === "offset-mismatch";
    if (isGone) await service.handle({ type: "upload-lost", ...key });
    throw error;
  }
}
