import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { systemCode } from "../../foundation/errors.ts";
import { brokerLimits } from "../core/broker-limits.ts";
import { blobCheck } from "./blob-check.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * Keeps blobs as files named by their digest. A blob appears under its name only when all its bytes are on the disk and
 * were checked; uploads that a killed broker left unfinished are removed at the next start.
 */
export async function directoryBlobStore(
  directory: string,
  { bytesMax = brokerLimits.blobBytesInDirectoryMax } = {},
): Promise<BlobStore> {
  const blobs = join(directory, "blobs");
  const incoming = join(directory, "incoming");
  await rm(incoming, { recursive: true, force: true });
  await mkdir(blobs, { recursive: true, mode: 0o700 });
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  const sizes = new Map<string, number>();
  for (const name of (await readdir(blobs)).sort()) {
    if (/^[0-9a-f]{64}$/.test(name)) sizes.set(name, (await stat(join(blobs, name))).size);
  }
  let bytesHeld = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  // A blob that is put again while it is being removed must not vanish: names appear and go one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return await mine;
  };

  return {
    list: async () => Array.from(sizes, ([digest, bytes]) => ({ digest, bytes })),
    size: async (digest) => sizes.get(digest) ?? null,
    async put(digest, bytes, stored) {
      const check = blobCheck({ digest, bytesFree: bytesMax - bytesHeld });
      const temporary = join(incoming, randomUUID());
      try {
        // `flush` makes the stream call fsync before it ends.
        await pipeline(bytes, check.stream, createWriteStream(temporary, { flags: "wx", mode: 0o600, flush: true }));
        await inTurn(async () => {
          await rename(temporary, join(blobs, digest));
          // Two agents may have brought the same bytes at once.
          if (!sizes.has(digest)) bytesHeld += check.bytes();
          sizes.set(digest, check.bytes());
          stored(check.bytes());
        });
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncDirectory(blobs);
    },
    async open(digest) {
      let file: FileHandle;
      try {
        file = await open(join(blobs, digest), "r");
      } catch (error) {
        if (systemCode(error) === "ENOENT") return null;
        throw error;
      }
      return { bytes: (await file.stat()).size, stream: file.createReadStream() };
    },
    async remove(digest, isWanted) {
      await inTurn(async () => {
        if (isWanted()) return;
        bytesHeld -= sizes.get(digest) ?? 0;
        sizes.delete(digest);
        await rm(join(blobs, digest), { force: true });
      });
    },
  };
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
