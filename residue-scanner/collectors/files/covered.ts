import { coveredPath } from "../../core/covered-path.ts";
import { blockStatus, type Segment } from "../../core/packed-tree.ts";
import { isBelow } from "../../core/path-scope.ts";
import { TreeWriter } from "../../core/tree-writer.ts";
import type { DirectoryReader } from "./directory-reader.ts";
import type { CoveredDirectory } from "./mounts.ts";
import { loadNativeCalls, type NativeCalls } from "./native-calls.ts";
import { nativeReader } from "./native-reader.ts";

/**
 * Reads what mounts cover: files put into a directory before something was mounted there, or by who has it open. For
 * that each mount is cloned for a moment (open_tree(2), OPEN_TREE_CLONE): the clone is mounted nowhere, so nothing covers
 * it. That needs CAP_SYS_ADMIN. Who has it not sees none of these files, and has not covered any either: a mount that came
 * is a finding of its own.
 *
 * @returns blocks by paths of `covered-path.ts`; of the covered directory itself only what is in it is read
 */
export async function readCovered(covered: readonly CoveredDirectory[]): Promise<Segment[]> {
  const calls = covered.length === 0 ? null : await loadNativeCalls();
  if (calls === null) return [];
  const writer = new TreeWriter();
  const reader = nativeReader(calls, { privateDirectory: false });
  for (const mountPoint of new Set(covered.map((directory) => directory.mountPoint))) {
    const clone = cloneMount(calls, mountPoint);
    if (clone < 0) continue;
    try {
      const directories = covered.filter((directory) => directory.mountPoint === mountPoint);
      for (const directory of directories) readBelow(directory, { clone, reader, writer });
    } finally {
      calls.close(clone);
    }
  }
  return writer.finish();
}

/** The same once more, for some directories that are there no longer too. */
export async function rereadCovered(
  directories: readonly string[],
  covered: readonly CoveredDirectory[],
): Promise<Segment[]> {
  if (directories.length === 0) return [];
  const writer = new TreeWriter();
  for (const directory of directories) {
    writer.beginBlock(Buffer.from(directory, "latin1"));
    writer.endBlock(blockStatus.gone);
  }
  const wanted = covered.filter(({ path }) => directories.some((directory) => isBelow(directory, coveredPath(path))));
  return [...writer.finish(), ...(await readCovered(wanted))];
}

function cloneMount(calls: NativeCalls, mountPoint: string): number {
  // Larger than what Node takes from its shared pool, so that the address stays.
  const path = Buffer.alloc(Math.max(8192, mountPoint.length + 1));
  path.write(mountPoint, "latin1");
  return calls.cloneMount(calls.addressOf(path));
}

function readBelow(
  { path, mountPoint }: CoveredDirectory,
  { clone, reader, writer }: { clone: number; reader: DirectoryReader; writer: TreeWriter },
): void {
  const relative = mountPoint === "/" ? path : path.slice(mountPoint.length);
  const start = Buffer.from(`/proc/self/fd/${clone}${relative}`, "latin1");
  const name = Buffer.from(coveredPath(path), "latin1");
  const pending: Buffer[] = [start];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    pending.push(...reader.readDirectory(at, writer, Buffer.concat([name, at.subarray(start.length)])));
  }
}
