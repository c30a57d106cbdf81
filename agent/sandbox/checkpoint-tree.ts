import { readlinkSync } from "node:fs";

import { limits } from "../../foundation/limits.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { beneath } from "./directory-handle.ts";
import { pathToText } from "./path-text.ts";
import { type RelaxedModes, type TreeEntry, walkTree } from "./workspace-tree.ts";

/** One entry to archive. */
export interface SourceEntry {
  readonly path: Buffer;
  /** As in the manifest: `pathToText`. */
  readonly text: string;
  readonly kind: "file" | "directory" | "symlink";
  /** Permissions and the sticky bit; setuid and setgid mean nothing to a checkpoint and are not kept. */
  readonly mode: number;
  readonly bytes: number;
  /** To the microsecond, which is as fine as Node can set it. */
  readonly modifiedUs: bigint;
  readonly target?: string;
}

export interface SourceTree {
  /** Sorted by their text. */
  readonly entries: readonly SourceEntry[];
  readonly omitted: readonly { readonly path: string; readonly kind: string }[];
}

const modeMask = 0o1777;

/**
 * Lists what a checkpoint of an open workspace holds.
 *
 * @throws CheckpointError `too-large` as soon as the paths cannot fit a manifest, or the contents a checkpoint
 */
export async function readSourceTree({
  root,
  relaxed,
}: {
  readonly root: number;
  readonly relaxed: RelaxedModes;
}): Promise<SourceTree> {
  const entries: SourceEntry[] = [];
  const omitted: { path: string; kind: string }[] = [];
  let pathBytes = 0;
  let contentBytes = 0;
  for await (const entry of walkTree({ root, relaxed })) {
    const text = pathToText(entry.path);
    pathBytes += text.length;
    const kind = kindOf(entry);
    if (kind === "file") contentBytes += Number(entry.stat.size);
    if (pathBytes > limits.manifestBytesMax) throw tooLarge("list of files", limits.manifestBytesMax);
    if (contentBytes > limits.checkpointContentBytesMax) throw tooLarge("content", limits.checkpointContentBytesMax);
    if (kind === "file" || kind === "directory" || kind === "symlink") {
      entries.push(sourceOf({ root, entry, text, kind }));
    } else omitted.push({ path: text, kind });
  }
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return {
    entries: entries.sort((a, b) => byText(a.text, b.text)),
    omitted: omitted.sort((a, b) => byText(a.path, b.path)),
  };
}

export function tooLarge(what: string, bytesMax: number): CheckpointError {
  return new CheckpointError(`The checkpoint's ${what} would be larger than ${bytesMax} bytes.`, {
    code: "too-large",
    next: "Let the job keep less in its working directory; its earlier checkpoint, if there is one, stays.",
  });
}

function kindOf({ stat, mountPoint }: TreeEntry): string {
  if (mountPoint) return "mount";
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isSocket()) return "socket";
  return "device";
}

function sourceOf({
  root,
  entry: { path, stat },
  text,
  kind,
}: {
  root: number;
  entry: TreeEntry;
  text: string;
  kind: SourceEntry["kind"];
}): SourceEntry {
  const base = {
    path,
    text,
    kind,
    // The kernel gives every symlink all permissions and means nothing by it.
    mode: kind === "symlink" ? 0o777 : Number(stat.mode) & modeMask,
    bytes: kind === "file" ? Number(stat.size) : 0,
    modifiedUs: roundToUs(stat.mtimeNs),
  };
  if (kind !== "symlink") return base;
  const target = beneath({ root, path }, (real) => readlinkSync(real, { encoding: "buffer" }));
  return { ...base, target: pathToText(target) };
}

/** Rounded, not cut: a time that was set through a floating-point number comes back as the same microsecond. */
function roundToUs(ns: bigint): bigint {
  const shifted = ns + 500n;
  const us = shifted / 1_000n;
  return shifted < 0n && shifted % 1_000n !== 0n ? us - 1n : us;
}
