import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import { brokerLimits } from "../../core/broker-limits.ts";
import { uploadIdOf } from "../../core/upload-list.ts";
import { blobStoreFull, uploadGone } from "./blob-problems.ts";
import type { BlobStore } from "./blob-store.ts";

/** Keeps blobs in memory. */
export function memoryBlobStore({ bytesMax = brokerLimits.blobBytesInMemoryMax } = {}): BlobStore {
  const blobs = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer[]>();
  let bytesHeld = 0;
  const chunksOf = (key: Parameters<typeof uploadIdOf>[0]): Buffer[] => {
    const chunks = uploads.get(uploadIdOf(key));
    if (chunks === undefined) throw uploadGone();
    return chunks;
  };
  return {
    list: async () => Array.from(blobs, ([digest, content]) => ({ digest, bytes: content.length })),
    // Nothing outlives a restart here.
    uploads: async () => [],
    async append(key, { offset, content }) {
      const chunks = offset === 0 ? [] : chunksOf(key);
      if (lengthOf(chunks) !== offset) throw uploadGone();
      const before = lengthOf(uploads.get(uploadIdOf(key)) ?? []);
      if (bytesHeld - before + offset + content.length > bytesMax) throw blobStoreFull();
      uploads.set(uploadIdOf(key), [...chunks, content]);
      bytesHeld += offset + content.length - before;
    },
    async measure(key) {
      const hash = createHash("sha256");
      for (const chunk of chunksOf(key)) hash.update(chunk);
      return hash.digest("hex");
    },
    async keep(key, stored) {
      const content = Buffer.concat(chunksOf(key));
      uploads.delete(uploadIdOf(key));
      // Two agents may have brought the same bytes at once.
      if (blobs.has(key.digest)) bytesHeld -= content.length;
      blobs.set(key.digest, content);
      stored(content.length);
    },
    async discard(key) {
      bytesHeld -= lengthOf(uploads.get(uploadIdOf(key)) ?? []);
      uploads.delete(uploadIdOf(key));
    },
    async open(digest) {
      const content = blobs.get(digest);
      return content === undefined
        ? null
        : { bytes: content.length, stream: Readable.from([content], { objectMode: false }) };
    },
    async remove(digest, isWanted) {
      if (isWanted()) return;
      bytesHeld -= blobs.get(digest)?.length ?? 0;
      blobs.delete(digest);
    },
  };
}

function lengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
