import { createHash } from "node:crypto";
import { closeSync, createReadStream, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";

import { messageOf, systemCode } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import { CheckpointManifest, type ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import type { CheckpointContent } from "../../protocol/messages.ts";
import { type ArchivedEntry, archiveReader } from "./archive.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { openDirectory } from "./directory-handle.ts";
import { nativeFiles } from "./native-files.ts";
import { textToPath } from "./path-text.ts";
import { treeWriter, type TreeWriter } from "./tree-writer.ts";
import { emptyDirectory } from "./wipe-directory.ts";

/**
 * Restores a checkpoint into an existing, empty workspace. Nothing is written before the manifest and the archive have
 * the digests that are expected; then every entry must be, in order, what the manifest says, and every file have its
 * digest. Paths are the manifest's alone and every parent is a directory that was restored before, so that no entry
 * can leave the workspace, be it by `..` or through a symlink.
 *
 * @throws CheckpointError; the workspace is empty then, unless it was not before
 */
export async function restoreCheckpoint({
  manifestPath,
  archivePath,
  workspace,
  expected,
}: {
  readonly manifestPath: string;
  readonly archivePath: string;
  readonly workspace: string;
  readonly expected: CheckpointContent;
}): Promise<CheckpointManifest> {
  const manifest = await readManifest({ manifestPath, expected });
  await verifyArchive({ archivePath, manifest });
  const root = openDirectory(workspace);
  try {
    if (readdirSync(workspace).length > 0) {
      throw new CheckpointError(`The workspace ${workspace} is not empty.`, {
        code: "workspace-not-empty",
        next: "Restore into a new directory.",
      });
    }
    try {
      await extract({ archivePath, manifest, writer: treeWriter({ root, native: await nativeFiles() }) });
    } catch (error) {
      await emptyDirectory(workspace);
      throw asCheckpointError(error);
    }
  } finally {
    closeSync(root);
  }
  return manifest;
}

async function readManifest({
  manifestPath,
  expected,
}: {
  manifestPath: string;
  expected: CheckpointContent;
}): Promise<CheckpointManifest> {
  let bytes: Buffer;
  try {
    if (statSync(manifestPath).size > limits.manifestBytesMax) throw broken("manifest", "it is too large");
    bytes = await readFile(manifestPath);
  } catch (error) {
    throw error instanceof CheckpointError ? error : notRead("manifest", error);
  }
  if (createHash("sha256").update(bytes).digest("hex") !== expected.manifestDigest) throw mismatch("manifest");
  let manifest: CheckpointManifest;
  try {
    manifest = CheckpointManifest.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw broken("manifest", "it is not a manifest of this version", error);
  }
  if (manifest.archiveDigest !== expected.archiveDigest || manifest.archiveBytes !== expected.archiveBytes) {
    throw mismatch("manifest");
  }
  const problem = problemOf(manifest.entries);
  if (problem !== null) throw broken("manifest", problem);
  return manifest;
}

/** Why these entries cannot be restored safely, or null. */
function problemOf(entries: readonly ManifestEntry[]): string | null {
  const directories = new Set([""]);
  const seen = new Set<string>();
  const linkable = new Set<string>();
  let bytes = 0;
  for (const { path, kind, bytes: size, storedBytes, sha256, target } of entries) {
    const name = JSON.stringify(path.slice(0, 200));
    if (textToPath(path) === null) return `${name} is not written as paths are`;
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\\x00"))) {
      return `${name} is not a path inside a workspace`;
    }
    if (!directories.has(parts.slice(0, -1).join("/"))) return `${name} has no directory to stand in`;
    if (seen.has(path)) return `${name} is there twice`;
    seen.add(path);
    if (kind === "directory") directories.add(path);
    if ((kind === "file") !== (sha256 !== undefined)) return `${name} lacks a digest, or has one without a content`;
    const isLink = kind === "symlink" || kind === "hardlink";
    if (isLink !== (target !== undefined)) return `${name} lacks a target, or has one without being a link`;
    if (kind === "hardlink" && !linkable.has(target ?? "")) return `${name} is a hard link to nothing before it`;
    if (target !== undefined && !isTarget(target)) return `${name} has a target that no link can have`;
    if (kind === "file" || kind === "symlink") linkable.add(path);
    bytes += storedBytes ?? size;
    if (kind !== "file" && (size !== 0 || storedBytes !== undefined)) return `${name} has a size without a content`;
  }
  return bytes > limits.checkpointContentBytesMax ? "its contents are too large together" : null;
}

function isTarget(text: string): boolean {
  const target = textToPath(text);
  return target !== null && target.length > 0 && !target.includes(0);
}

async function verifyArchive({
  archivePath,
  manifest,
}: {
  archivePath: string;
  manifest: CheckpointManifest;
}): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(archivePath) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > manifest.archiveBytes) throw mismatch("archive");
      hash.update(chunk);
    }
  } catch (error) {
    throw error instanceof CheckpointError ? error : notRead("archive", error);
  }
  if (bytes !== manifest.archiveBytes || hash.digest("hex") !== manifest.archiveDigest) throw mismatch("archive");
}

async function extract({
  archivePath,
  manifest,
  writer,
}: {
  archivePath: string;
  manifest: CheckpointManifest;
  writer: TreeWriter;
}): Promise<void> {
  const reader = archiveReader();
  const pumping = pipeline(createReadStream(archivePath), createZstdDecompress(), Writable.fromWeb(reader.writable));
  // Heard of below; until then its failure is nobody's.
  pumping.catch(() => undefined);
  let index = 0;
  for await (const archived of reader.entries) {
    const entry = manifest.entries[index];
    index += 1;
    if (entry === undefined) throw broken("archive", "it holds more than its manifest says");
    requireSame(archived, entry);
    const digest = await writer.write({ entry, archived });
    if (entry.kind === "file" && digest !== entry.sha256) throw mismatch(`content of ${entry.path}`);
  }
  await pumping;
  if (index !== manifest.entries.length) throw broken("archive", "it holds less than its manifest says");
  writer.finish();
}

function requireSame(archived: ArchivedEntry, entry: ManifestEntry): void {
  const same =
    archived.text === entry.path &&
    archived.kind === entry.kind &&
    archived.mode === entry.mode &&
    archived.bytes === entry.bytes &&
    archived.storedBytes === (entry.storedBytes ?? null) &&
    archived.target === (entry.target ?? "");
  if (!same)
    throw broken("archive", `its entry ${JSON.stringify(archived.text.slice(0, 200))} is not what its manifest says`);
}

function asCheckpointError(error: unknown): CheckpointError {
  if (error instanceof CheckpointError) return error;
  // What the system refuses has a code of errno; what zlib or tar find wrong does not.
  if (/^E[A-Z0-9]+$/.test(systemCode(error) ?? "")) {
    return new CheckpointError(`The checkpoint could not be restored: ${messageOf(error)}.`, {
      code: "not-restored",
      retriable: true,
      next: "Make room on the disk that holds the agent's home.",
      cause: error,
    });
  }
  return broken("archive", messageOf(error), error);
}

function mismatch(what: string): CheckpointError {
  return new CheckpointError(`The checkpoint's ${what} is not what it was when it was saved.`, {
    code: "digest-mismatch",
    next: "Fetch the checkpoint again, or go on from an earlier one.",
  });
}

function broken(what: "manifest" | "archive", why: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`The checkpoint's ${what} is broken: ${why}.`, {
    code: `${what}-broken`,
    next: "Go on from an earlier checkpoint, or from the start.",
    cause,
  });
}

function notRead(what: string, cause: unknown): CheckpointError {
  return new CheckpointError(`The checkpoint's ${what} could not be read: ${messageOf(cause)}.`, {
    code: "not-read",
    retriable: true,
    next: "Fetch the checkpoint again.",
    cause,
  });
}
