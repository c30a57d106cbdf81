import { createHash } from "node:crypto";
import { closeSync, constants, fchmodSync, openSync, read } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants as zlibConstants, createZstdCompress } from "node:zlib";

import { assert } from "../../foundation/assert.ts";
import { messageOf, systemCode } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import type { CheckpointManifest, ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import {
  archiveName,
  createPartial,
  manifestName,
  notWritten,
  type PartialFile,
  removeOtherCheckpoints,
} from "./checkpoint-files.ts";
import { readSourceTree, type SourceEntry, tooLarge } from "./checkpoint-tree.ts";
import { beneath, isDenied, openDirectory, relax } from "./directory-handle.ts";
import { RelaxedModes } from "./workspace-tree.ts";
import { archiveWriter, type ArchiveWriter } from "./archive.ts";

export interface SavedCheckpoint {
  readonly reference: CheckpointReference;
  readonly manifestPath: string;
  readonly archivePath: string;
  readonly manifest: CheckpointManifest;
}

const chunkBytes = 256 * 1024;
const readAsync = promisify(read);

/**
 * Saves a workspace into `directory` and then removes this job's earlier checkpoints there. The job should be frozen;
 * one that runs may change a file under the reading, which fails with `workspace-changed`. One save a job at a time.
 *
 * The same tree gives the same archive, byte for byte: sorted, without owners, times to the microsecond. Hard links are
 * kept as copies; extended attributes, setuid and setgid are not kept; sockets, FIFOs, devices and mounts are omitted.
 *
 * @throws CheckpointError `too-large`, `workspace-changed`, `not-written`; earlier checkpoints stay as they were
 */
export async function saveCheckpoint({
  workspace,
  jobId,
  epoch,
  progress,
  directory,
  nowMs,
}: {
  readonly workspace: string;
  readonly jobId: string;
  readonly epoch: number;
  readonly progress: number;
  readonly directory: string;
  readonly nowMs: number;
}): Promise<SavedCheckpoint> {
  const root = openDirectory(workspace);
  const relaxed = new RelaxedModes();
  try {
    const tree = await readSourceTree({ root, relaxed });
    const archive = await writeArchive({ root, entries: tree.entries, directory, jobId });
    const manifest: CheckpointManifest = {
      version: 1,
      jobId,
      epoch,
      createdAt: nowMs,
      progress,
      archiveDigest: archive.digest,
      archiveBytes: archive.bytes,
      entries: archive.entries,
      omitted: tree.omitted.map(({ path, kind }) => ({ path, kind })),
    };
    const written = await writeManifest({ manifest, directory });
    const reference: CheckpointReference = {
      manifestDigest: written.digest,
      archiveDigest: archive.digest,
      archiveBytes: archive.bytes,
      progress,
    };
    await removeOtherCheckpoints({ directory, jobId, keep: reference });
    return { reference, manifestPath: written.path, archivePath: archive.path, manifest };
  } catch (error) {
    throw error instanceof CheckpointError ? error : notWritten(error);
  } finally {
    relaxed.restore(root);
    closeSync(root);
  }
}

async function writeArchive({
  root,
  entries,
  directory,
  jobId,
}: {
  root: number;
  entries: readonly SourceEntry[];
  directory: string;
  jobId: string;
}): Promise<{ path: string; digest: string; bytes: number; entries: ManifestEntry[] }> {
  const partial = await createPartial({ directory, jobId });
  try {
    const archive = archiveWriter();
    const [packed, stored] = await Promise.allSettled([
      packAll({ root, entries, archive }),
      store({ source: archive.readable, partial }),
    ]);
    // A store that failed makes the packing fail too, and says why; a packing that failed likewise.
    for (const outcome of [stored, packed]) {
      if (outcome.status === "rejected" && outcome.reason instanceof CheckpointError) throw outcome.reason;
    }
    if (stored.status === "rejected") throw notWritten(stored.reason);
    if (packed.status === "rejected") throw packed.reason;
    const path = await partial.commit(archiveName(jobId, stored.value.digest));
    return { path, ...stored.value, entries: packed.value };
  } finally {
    await partial.discard();
  }
}

async function packAll({
  root,
  entries,
  archive,
}: {
  root: number;
  entries: readonly SourceEntry[];
  archive: ArchiveWriter;
}): Promise<ManifestEntry[]> {
  const packed: ManifestEntry[] = [];
  try {
    for (const entry of entries) {
      const { text: path, kind, mode, bytes } = entry;
      if (kind === "file") packed.push({ path, kind, mode, bytes, sha256: await packFile({ root, entry, archive }) });
      else {
        await archive.add(entry);
        packed.push({ path, kind, mode, bytes, ...(entry.target === undefined ? {} : { target: entry.target }) });
      }
    }
    archive.end();
    return packed;
  } catch (error) {
    archive.fail(error);
    throw error;
  }
}

/** @returns the SHA-256 of the content that went into the archive */
async function packFile({
  root,
  entry,
  archive,
}: {
  root: number;
  entry: SourceEntry;
  archive: ArchiveWriter;
}): Promise<string> {
  const hash = createHash("sha256");
  const file = openSource({ root, entry });
  try {
    const body = await archive.add(entry);
    for (let position = 0; position < entry.bytes; ) {
      // A new buffer each time: the archive holds on to it until it is compressed.
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, entry.bytes - position));
      const { bytesRead } = await readAsync(file, buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw changed(entry, "became shorter");
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await body.write(chunk);
      position += bytesRead;
    }
    await body.close();
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function openSource({ root, entry }: { root: number; entry: SourceEntry }): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return beneath({ root, path: entry.path }, (path) => {
      try {
        return openSync(path, flags);
      } catch (error) {
        if (!isDenied(error)) throw error;
        const mode = relax(path, 0o400);
        const file = openSync(path, flags);
        if (mode !== null) fchmodSync(file, mode);
        return file;
      }
    });
  } catch (error) {
    const code = systemCode(error);
    throw changed(entry, code === "ENOENT" ? "vanished" : `can no longer be read (${messageOf(error)})`);
  }
}

async function store({
  source,
  partial,
}: {
  source: ReadableStream<Uint8Array>;
  partial: PartialFile;
}): Promise<{ digest: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const compress = createZstdCompress({ params: { [zlibConstants.ZSTD_c_checksumFlag]: 1 } });
  await pipeline(Readable.fromWeb(source), compress, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > limits.checkpointBytesMax) throw tooLarge("archive", limits.checkpointBytesMax);
      hash.update(chunk);
      await partial.handle.writeFile(chunk);
    }
  });
  assert(bytes > 0, "an archive is never empty");
  return { digest: hash.digest("hex"), bytes };
}

async function writeManifest({
  manifest,
  directory,
}: {
  manifest: CheckpointManifest;
  directory: string;
}): Promise<{ path: string; digest: string }> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  if (bytes.length > limits.manifestBytesMax) throw tooLarge("list of files", limits.manifestBytesMax);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const partial = await createPartial({ directory, jobId: manifest.jobId });
  try {
    await partial.handle.writeFile(bytes);
    return { path: await partial.commit(manifestName(manifest.jobId, digest)), digest };
  } finally {
    await partial.discard();
  }
}

function changed(entry: SourceEntry, how: string): CheckpointError {
  return new CheckpointError(`The file ${entry.text} ${how} while it was saved.`, {
    code: "workspace-changed",
    retriable: true,
    next: "Freeze the job before it is saved, then save again.",
  });
}
