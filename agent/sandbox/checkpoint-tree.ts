import { readlinkSync } from "node:fs";

import { limits } from "../../foundation/limits.ts";
import type { ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { beneath } from "./directory-handle.ts";
import { pathToText } from "./path-text.ts";
import { type RelaxedModes, type TreeEntry, walkTree } from "./workspace-tree.ts";

/** One entry to archive. */
export interface SourceEntry {
  readonly path: Buffer;
  /** As in the manifest: `pathToText`. */
  readonly text: string;
  /** `hardlink`: another name of a file or symlink whose first name, in the order of the entries, is an entry too. */
  readonly kind: ManifestEntry["kind"];
  /** Permissions and the sticky bit; setuid and setgid mean nothing to a checkpoint and are not kept. */
  readonly mode: number;
  /** Of a file: how long it is, holes included. */
  readonly bytes: number;
  readonly modifiedNs: bigint;
  /** Of a symlink; of a hard link the text of the first name. */
  readonly target?: string;
}

export interface SourceTree {
  /** Sorted by their text. */
  readonly entries: readonly SourceEntry[];
  readonly omitted: readonly { readonly path: string; readonly kind: string }[];
}

const modeMask = 0o1777;

/**
 * Lists what a checkpoint of an open workspace holds. Extended attributes are not part of it: capabilities and security
 * labels are grants of the host that it was made on, access lists name users of that host, and not every file system
 * that it may be restored on takes the rest.
 *
 * @throws CheckpointError `too-large` as soon as the paths cannot fit a manifest, or the contents a checkpoint
 */
export async function readSourceTree({
  root,
  relaxed,
  contentBytesMax,
}: {
  readonly root: number;
  readonly relaxed: RelaxedModes;
  /** The most that the contents may take of the disk together. */
  readonly contentBytesMax: number;
}): Promise<SourceTree> {
  const entries: LinkableEntry[] = [];
  const omitted: { path: string; kind: string }[] = [];
  let pathBytes = 0;
  let contentBytes = 0n;
  const counted = new Set<string>();
  for await (const entry of walkTree({ root, relaxed })) {
    const text = pathToText(entry.path);
    pathBytes += text.length;
    const kind = kindOf(entry);
    const inode = entry.stat.nlink > 1n ? `${entry.stat.dev}:${entry.stat.ino}` : null;
    // Another name of what was counted costs nothing, nor does a hole.
    if (kind === "file" && (inode === null || !counted.has(inode))) contentBytes += allocatedBytes(entry);
    if (inode !== null) counted.add(inode);
    if (pathBytes > limits.manifestBytesMax) throw tooLarge("list of files", limits.manifestBytesMax);
    if (contentBytes > contentBytesMax) throw tooLarge("content", contentBytesMax);
    if (kind === "file" || kind === "directory" || kind === "symlink") {
      entries.push({ ...sourceOf({ root, entry, text, kind }), inode });
    } else omitted.push({ path: text, kind });
  }
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return {
    entries: withHardlinks(entries.sort((a, b) => byText(a.text, b.text))),
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
  kind: Exclude<SourceEntry["kind"], "hardlink">;
}): SourceEntry {
  const base = {
    path,
    text,
    kind,
    // The kernel gives every symlink all permissions and means nothing by it.
    mode: kind === "symlink" ? 0o777 : Number(stat.mode) & modeMask,
    bytes: kind === "file" ? Number(stat.size) : 0,
    modifiedNs: stat.mtimeNs,
  };
  if (kind !== "symlink") return base;
  const target = beneath({ root, path }, (real) => readlinkSync(real, { encoding: "buffer" }));
  return { ...base, target: pathToText(target) };
}

/** Of two names of one inode, the later one is a hard link to the earlier. */
function withHardlinks(entries: readonly LinkableEntry[]): SourceEntry[] {
  const firsts = new Map<string, string>();
  return entries.map(({ inode, ...entry }) => {
    if (inode === null || entry.kind === "directory") return entry;
    const first = firsts.get(inode);
    if (first !== undefined) return { ...entry, kind: "hardlink", bytes: 0, target: first };
    firsts.set(inode, entry.text);
    return entry;
  });
}

/** What a file takes of the disk; a compressing file system says less than the content, which is looked at later. */
function allocatedBytes({ stat }: TreeEntry): bigint {
  const allocated = stat.blocks * 512n;
  return allocated < stat.size ? allocated : stat.size;
}

/** An entry whose inode has other names too has that inode's identity with it. */
type LinkableEntry = SourceEntry & { readonly inode: string | null };
