import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { brokerLimits } from "../core/broker-limits.ts";
import { blobCheck } from "./blob-check.ts";
import type { BlobStore } from "./blob-store.ts";

/** Keeps blobs in memory. */
export function memoryBlobStore({ bytesMax = brokerLimits.blobBytesInMemoryMax } = {}): BlobStore {
  const blobs = new Map<string, Buffer>();
  let bytesHeld = 0;
  return {
    list: async () => Array.from(blobs, ([digest, content]) => ({ digest, bytes: content.length })),
    size: async (digest) => blobs.get(digest)?.length ?? null,
    async put(digest, bytes, stored) {
      const check = blobCheck({ digest, bytesFree: bytesMax - bytesHeld });
      const chunks: Buffer[] = [];
      await pipeline(bytes, check.stream, async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) chunks.push(chunk);
      });
      const content = Buffer.concat(chunks);
      // Two agents may have brought the same bytes at once.
      if (!blobs.has(digest)) bytesHeld += content.length;
      blobs.set(digest, content);
      stored(content.length);
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
