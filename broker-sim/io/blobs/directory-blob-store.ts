import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { UsageError, messageOf, systemCode } from "../../../foundation/errors.ts";
import { brokerLimits } from "../../core/broker-limits.ts";
import { uploadGone } from "./blob-problems.ts";
import type { BlobStore } from "./blob-store.ts";
import { makeDirectory } from "../make-directory.ts";
import { uploadIdOf } from "../../core/upload-list.ts";
import { Turns } from "../turns.ts";
import { UploadFiles } from "./upload-files.ts";

/**
 * Keeps blobs as files named by their digest. A blob appears under its name only when all its bytes are on the disk and
 * were checked; what a killed broker had of unfinished uploads is there at its next start.
 *
 * @throws UsageError `store-unwritable`
 */
export async function directoryBlobStore(
  directory: string,
  { bytesMax = brokerLimits.blobBytesInDirectoryMax } = {},
): Promise<BlobStore> {
  const blobs = join(directory, "blobs");
  const incoming = join(directory, "incoming");
  try {
    for (const one of [blobs, incoming]) makeDirectory(one);
  } catch (error) {
    throw new UsageError(`Checkpoints cannot be kept in ${directory}: ${messageOf(error)}`, {
      code: "store-unwritable",
      next: "Name a directory that you may write to with --data, or use --store memory.",
      cause: error,
    });
  }
  const sizes = new Map<string, number>();
  for (const name of (await readdir(blobs)).sort()) {
    if (/^[0-9a-f]{64}$/.test(name)) sizes.set(name, (await stat(join(blobs, name))).size);
  }
  let bytesHeld = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const files = new UploadFiles(incoming);
  const found = await files.load();
  // What begins anew must not go with the end of what was there before.
  const turns = new Turns();
  // A blob that is put again while it is being removed must not vanish: names appear and go one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return await mine;
  };

  return {
    list: async () => Array.from(sizes, ([digest, bytes]) => ({ digest, bytes })),
    uploads: async () => found,
    append: async (key, chunk) =>
      await turns.take(uploadIdOf(key), () => files.append(key, { ...chunk, bytesMax: bytesMax - bytesHeld })),
    measure: async (key) => await files.measure(key),
    async keep(key, stored) {
      const { digest } = key;
      const bytes = await files.sync(key);
      await inTurn(async () => {
        await rename(files.path(key), join(blobs, digest)).catch((error: unknown) => {
          throw systemCode(error) === "ENOENT" ? uploadGone() : error;
        });
        files.moved(key);
        // Two agents may have brought the same bytes at once.
        if (!sizes.has(digest)) bytesHeld += bytes;
        sizes.set(digest, bytes);
        stored(bytes);
      });
      await syncDirectory(blobs);
    },
    discard: async (key) => await turns.take(uploadIdOf(key), () => files.remove(key)),
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
