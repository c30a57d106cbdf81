import { createHash } from "node:crypto";
import { closeSync, constants, fchmodSync, fstatSync, openSync, read } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants as zlibConstants, createZstdCompress } from "node:zlib";

import { assert } from "../../foundation/assert.ts";
import { messageOf, systemCode } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import type { CheckpointManifest, ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import type { CheckpointContent } from "../../protocol/messages.ts";
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
import { dataExtents } from "./data-extents.ts";
import { beneath, isDenied, openDirectory, relax } from "./directory-handle.ts";
import { evenChunks } from "./even-chunks.ts";
import { type NativeFiles, nativeFiles } from "./native-files.ts";
import { type Extent, sparseMap } from "./sparse-map.ts";
import { RelaxedModes } from "./workspace-tree.ts";
import { archiveWriter, type ArchiveWriter } from "./archive.ts";

export interface SavedCheckpoint {
  readonly content: CheckpointContent;
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
 * The same tree gives the same archive, byte for byte: sorted, without owners, holes where there are blocks of zeros.
 * Sparse files, hard links within the workspace and times are kept; extended attributes, setuid and setgid are not;
 * sockets, FIFOs, devices and mounts are omitted, and never opened.
 *
 * @throws CheckpointError `too-large`, `workspace-changed`, `not-written`; earlier checkpoints stay as they were
 */
export async function saveCheckpoint({
  workspace,
  jobId,
  epoch,
  progress,
  cooperative = null,
  directory,
  nowMs,
  contentBytesMax = limits.checkpointContentBytesMax,
}: {
  readonly workspace: string;
  readonly jobId: string;
  readonly epoch: number;
  readonly progress: number;
  /** Of a job that cooperates: whether it had put its files in order; null for any other. */
  readonly cooperative?: boolean | null;
  readonly directory: string;
  readonly nowMs: number;
  /** The most that the contents may have together, holes left out. */
  readonly contentBytesMax?: number;
}): Promise<SavedCheckpoint> {
  const root = openDirectory(workspace);
  const relaxed = new RelaxedModes();
  try {
    const tree = await readSourceTree({ root, relaxed, contentBytesMax });
    const archive = await writeArchive({ root, entries: tree.entries, directory, jobId, contentBytesMax });
    const manifest: CheckpointManifest = {
      version: 1,
      jobId,
      epoch,
      createdAt: nowMs,
      progress,
      ...(cooperative === null ? {} : { cooperative }),
      archiveDigest: archive.digest,
      archiveBytes: archive.bytes,
      entries: archive.entries,
      omitted: tree.omitted.map(({ path, kind }) => ({ path, kind })),
    };
    const written = await writeManifest({ manifest, directory });
    const content: CheckpointContent = {
      manifestDigest: written.digest,
      archiveDigest: archive.digest,
      archiveBytes: archive.bytes,
      progress,
    };
    await removeOtherCheckpoints({ directory, jobId, keep: content });
    return { content, manifestPath: written.path, archivePath: archive.path, manifest };
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
  contentBytesMax,
}: {
  root: number;
  entries: readonly SourceEntry[];
  directory: string;
  jobId: string;
  contentBytesMax: number;
}): Promise<{ path: string; digest: string; bytes: number; entries: ManifestEntry[] }> {
  const partial = await createPartial({ directory, jobId });
  try {
    const archive = archiveWriter();
    const [packed, stored] = await Promise.allSettled([
      packAll({ root, entries, archive, contentBytesMax }),
      store({ source: archive.readable, partial }),
    ]);
    // A store that failed makes the packing fail too, and says why; a packing that failed likewise.
    for (const outcome of [stored, packed]) {
      if (outcome.status === "rejected" && outcome.reason instanceof CheckpointError) throw outcome.reason;
    }
    if (stored.status === "rejected") throw notWritten(stored.reason);
    if (packed.status === "rejected") throw packed.reason;
    const path = await partial.commit(archiveName(jobId, stored.value.digest), stored.value);
    return { path, ...stored.value, entries: packed.value };
  } finally {
    await partial.discard();
  }
}

async function packAll({
  root,
  entries,
  archive,
  contentBytesMax,
}: {
  root: number;
  entries: readonly SourceEntry[];
  archive: ArchiveWriter;
  contentBytesMax: number;
}): Promise<ManifestEntry[]> {
  const packed: ManifestEntry[] = [];
  const native = await nativeFiles();
  let contentBytes = 0;
  try {
    for (const entry of entries) {
      const { text: path, kind, mode, bytes } = entry;
      if (kind === "file") {
        const content = await packFile({ root, entry, archive, native, bytesMax: contentBytesMax - contentBytes });
        contentBytes += content.storedBytes ?? bytes;
        packed.push({ path, kind, mode, bytes, ...content });
      } else {
        await archive.add(entry, null);
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

/** @returns what the manifest says of the content that went into the archive */
async function packFile({
  root,
  entry,
  archive,
  native,
  bytesMax,
}: {
  root: number;
  entry: SourceEntry;
  archive: ArchiveWriter;
  native: NativeFiles | null;
  bytesMax: number;
}): Promise<Pick<ManifestEntry, "sha256" | "storedBytes">> {
  const hash = createHash("sha256");
  const file = openSource({ root, entry });
  try {
    const extents = await dataExtents({ file, size: entry.bytes, native });
    // What was cut off looks like a hole.
    if (fstatSync(file).size < entry.bytes) throw changed(entry, "became shorter");
    const dataBytes = extents.reduce((sum, { bytes }) => sum + bytes, 0);
    const map = dataBytes === entry.bytes ? null : sparseMap(extents, entry.bytes);
    const storedBytes = map === null ? null : map.length + dataBytes;
    if (dataBytes > bytesMax) throw tooLarge("content", bytesMax);
    const body = await archive.add(entry, storedBytes);
    const store = async (chunk: Buffer): Promise<void> => {
      hash.update(chunk);
      await body.write(chunk);
    };
    if (map !== null) await store(map);
    for (const extent of extents) await packExtent({ file, entry, extent, store });
    await body.close();
    return { ...(storedBytes === null ? {} : { storedBytes }), sha256: hash.digest("hex") };
  } finally {
    closeSync(file);
  }
}

async function packExtent({
  file,
  entry,
  extent: { offset, bytes },
  store,
}: {
  file: number;
  entry: SourceEntry;
  extent: Extent;
  store: (chunk: Buffer) => Promise<void>;
}): Promise<void> {
  for (let position = offset; position < offset + bytes; ) {
    // A new buffer each time: the archive holds on to it until it is compressed.
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, offset + bytes - position));
    const { bytesRead } = await readAsync(file, buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw changed(entry, "became shorter");
    await store(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
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
  await pipeline(evenChunks(Readable.fromWeb(source), chunkBytes), compress, async (chunks: AsyncIterable<Buffer>) => {
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
    const name = manifestName(manifest.jobId, digest);
    return { path: await partial.commit(name, { digest, bytes: bytes.length }), digest };
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
