import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "../../foundation/errors.ts";
import type { CheckpointContent } from "../../protocol/messages.ts";
import { CheckpointError } from "./checkpoint-error.ts";

/**
 * The files of checkpoints on this host. Each is named by the digest of its content, and comes into being by a rename
 * after its bytes are on the disk: what has its name is whole, and an earlier checkpoint stays until the new one is.
 */

const suffix = /^[0-9a-f]{64}\.(tar\.zst|json)$|^[0-9a-f-]{36}\.partial$/;

export function archiveName(jobId: string, archiveDigest: string): string {
  return `${jobId}.${archiveDigest}.tar.zst`;
}

export function manifestName(jobId: string, manifestDigest: string): string {
  return `${jobId}.${manifestDigest}.json`;
}

/** A file that is not there until it is whole. */
export interface PartialFile {
  readonly handle: FileHandle;
  /**
   * Brings the bytes to the disk, reads them again, and gives the file its name only if they are those (case 28).
   *
   * @throws Error when they are not
   */
  commit(name: string, expected: { readonly digest: string; readonly bytes: number }): Promise<string>;
  /** Removes it; does nothing after a commit. */
  discard(): Promise<void>;
}

export async function createPartial({ directory, jobId }: { directory: string; jobId: string }): Promise<PartialFile> {
  const partial = join(directory, `${jobId}.${randomUUID()}.partial`);
  const handle = await open(partial, "wx", 0o600);
  let committed = false;
  return {
    handle,
    async commit(name, expected) {
      const path = join(directory, name);
      await handle.sync();
      await handle.close();
      await requireContent(partial, expected);
      await rename(partial, path);
      committed = true;
      await syncDirectory(directory);
      return path;
    },
    async discard() {
      if (committed) return;
      await handle.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

async function requireContent(path: string, { digest, bytes }: { digest: string; bytes: number }): Promise<void> {
  const hash = createHash("sha256");
  let seen = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    seen += chunk.length;
    hash.update(chunk);
  }
  if (seen !== bytes) throw new Error(`${seen} of ${bytes} bytes are on the disk`);
  if (hash.digest("hex") !== digest) throw new Error("the disk holds other bytes than were written");
}

/** Removes every file of this job's checkpoints but those of one, which must be committed; also what a kill left half done. */
export async function removeOtherCheckpoints({
  directory,
  jobId,
  keep,
}: {
  readonly directory: string;
  readonly jobId: string;
  /** Null removes them all. */
  readonly keep: CheckpointContent | null;
}): Promise<void> {
  const kept = keep === null ? [] : [archiveName(jobId, keep.archiveDigest), manifestName(jobId, keep.manifestDigest)];
  for (const name of await readdir(directory)) {
    // A job's id has no dot, so that no other job's name begins like this.
    if (!name.startsWith(`${jobId}.`) || kept.includes(name)) continue;
    if (suffix.test(name.slice(jobId.length + 1))) await rm(join(directory, name), { force: true });
  }
}

export function notWritten(error: unknown): CheckpointError {
  return new CheckpointError(`The checkpoint could not be written: ${messageOf(error)}.`, {
    code: "not-written",
    retriable: true,
    next: "Make room on the disk that holds the agent's home; the earlier checkpoint is intact.",
    cause: error,
  });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
