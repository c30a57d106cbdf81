import { realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";

import { assert } from "../../foundation/assert.ts";
import { messageOf, UsageError } from "../../foundation/errors.ts";
import type { SurfaceReading } from "../core/fact.ts";
import {
  blockAt,
  entryName,
  firstEntry,
  nextEntry,
  rootsPath,
  type Segment,
  surveySegments,
  type Tree,
  withSegments,
} from "../core/packed-tree.ts";
import { isCovered } from "../core/covered-path.ts";
import { toBytePath } from "../core/path-text.ts";
import { TreeWriter } from "../core/tree-writer.ts";
import { gatherDelta, type Gathering, gatherPacked, gatherWhole } from "./files/gathered.ts";
import { readCovered, rereadCovered } from "./files/covered.ts";
import type { DirectoryReader } from "./files/directory-reader.ts";
import { planMounts, readMounts } from "./files/mounts.ts";
import { loadNativeCalls } from "./files/native-calls.ts";
import { nativeReader } from "./files/native-reader.ts";
import { portableReader } from "./files/portable-reader.ts";
import { unseen } from "./files/unseen.ts";
import { walkInThreads } from "./files/walk-threads.ts";

export interface FilesOptions {
  /** Directories to read instead of the whole host. */
  readonly roots?: readonly string[] | undefined;
  /** Threads; by default as many as there are processors, from 2 to 4, and 2 with a baseline, or for one that is kept. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** An earlier reading: what is as it was there takes no room of its own. */
  readonly baseline?: Tree | undefined;
  /** Whether it is kept for long before it is compared: it is made small then, which takes a little time. */
  readonly isKept?: boolean | undefined;
  /** For tests: do without the system calls that Node lacks. */
  readonly portable?: boolean;
}

export interface FilesCollected {
  readonly files: Tree;
  readonly filesReader: DirectoryReader["name"];
  /** What was asked for, with links resolved; null for the whole host. */
  readonly scope: readonly string[] | null;
  readonly reading: SurfaceReading;
}

const workersMin = 2;
const workersMax = 4;

/** Every entry of every directory on the host's own file systems; what this user cannot list is counted and named. */
export async function collectFiles(options: FilesOptions): Promise<FilesCollected> {
  const startedMs = performance.now();
  const scope = options.roots?.map(scopeOf) ?? null;
  const plan = planMounts(readMounts(), scope);
  const workers = options.workers ?? workersFor(options);
  assert(workers >= 1, "somebody walks");
  const { portable = false, signal } = options;
  const gathering = gatheringFor(options);
  let survey = surveySegments([]);
  const take = (segment: Segment): void => {
    survey = surveySegments([segment], survey);
    gathering.take(segment);
  };
  const results = await walkInThreads({
    plan,
    workers,
    portable,
    signal,
    take,
    isTakenAway: options.baseline !== undefined || options.isKept === true,
  });
  for (const segment of portable ? [] : await readCovered(plan.covered)) take(segment);
  const files = gathering.finish(rootEntries(plan.roots));
  const missing = unseen(survey, plan, scope);
  const reading: SurfaceReading = {
    surface: "files",
    status: missing === "" ? "done" : "partial",
    detail: missing,
    isNarrowed: scope !== null && unseen(survey, plan, null) === "",
    facts: survey.entries,
    durationMs: performance.now() - startedMs,
  };
  return { files, filesReader: results[0]?.reader ?? "portable", scope, reading };
}

function gatheringFor({ baseline, isKept }: FilesOptions): Gathering {
  if (baseline !== undefined) return gatherDelta(baseline);
  return isKept === true ? gatherPacked() : gatherWhole();
}

/** What each further thread takes is, where little room is to be taken, more than the time is worth that it saves. */
function workersFor({ baseline, isKept }: FilesOptions): number {
  return baseline === undefined && isKept !== true
    ? Math.min(workersMax, Math.max(workersMin, availableParallelism()))
    : workersMin;
}

/**
 * Reads some directories again, and whatever new directories they hold, on this thread.
 *
 * @returns a tree with the new readings in place of the old ones
 */
export async function rereadDirectories(options: {
  readonly files: Tree;
  readonly reader: DirectoryReader["name"];
  readonly directories: ReadonlySet<string>;
}): Promise<Tree> {
  const calls = options.reader === "native" ? await loadNativeCalls() : null;
  const reader = calls === null ? portableReader() : nativeReader(calls, { privateDirectory: false });
  const plan = planMounts(readMounts(), null);
  const { files, directories } = options;
  const writer = new TreeWriter();
  const pending: Buffer[] = [...directories]
    .filter((path) => path !== rootsPath && !isCovered(path))
    .map((path) => Buffer.from(path, "latin1"));
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const child of reader.readDirectory(path, writer)) {
      const key = child.toString("latin1");
      if (!files.index.has(key) && !plan.mountPoints.has(key)) pending.push(child);
    }
  }
  const roots = directories.has(rootsPath) ? [rootEntries(rootsOf(files))] : [];
  const covered = calls === null ? [] : await rereadCovered([...directories].filter(isCovered), plan.covered);
  return withSegments(files, [...writer.finish(), ...roots, ...covered]);
}

function rootsOf(files: Tree): string[] {
  const block = blockAt(files, rootsPath);
  const roots: string[] = [];
  if (block === undefined) return roots;
  for (let entry = firstEntry(block); entry < block.end; entry = nextEntry(block, entry))
    roots.push(entryName(block, entry));
  return roots;
}

function rootEntries(roots: readonly string[]): Segment {
  const writer = new TreeWriter();
  portableReader().readRoots(
    roots.map((root) => Buffer.from(root, "latin1")),
    writer,
  );
  const [segment] = writer.finish();
  assert(segment !== undefined, "a block was written");
  return segment;
}

function scopeOf(root: string): string {
  const unusable = (why: string) =>
    new UsageError(`Cannot read ${root === "" ? "a directory without a name" : root}: ${why}.`, {
      code: "no-such-root",
      next: "Name directories that exist and that you may enter.",
    });
  // Node takes nothing for the directory that it is in.
  if (root === "") throw unusable("the name is empty");
  let path: string;
  try {
    path = realpathSync(root);
    if (statSync(path).isDirectory()) return toBytePath(path);
  } catch (error) {
    throw unusable(messageOf(error));
  }
  throw unusable(`${path === root ? "it" : path} is no directory`);
}
