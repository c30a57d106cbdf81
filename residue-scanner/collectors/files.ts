import { realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { getSystemErrorName } from "node:util";
import { Worker } from "node:worker_threads";

import { assert } from "../../foundation/assert.ts";
import { messageOf, UsageError } from "../../foundation/errors.ts";
import type { SurfaceReading } from "../core/fact.ts";
import {
  addSegment,
  blockAt,
  countEntries,
  entryName,
  firstEntry,
  indexTree,
  nextEntry,
  rootsPath,
  type Segment,
  type Tree,
} from "../core/packed-tree.ts";
import { showPath, toBytePath } from "../core/path-text.ts";
import { TreeWriter } from "../core/tree-writer.ts";
import { DirectoryQueue, newDirectoryQueue } from "./files/directory-queue.ts";
import type { DirectoryReader } from "./files/directory-reader.ts";
import { type MountPlan, planMounts, readMounts } from "./files/mounts.ts";
import { loadNativeCalls } from "./files/native-calls.ts";
import { nativeReader } from "./files/native-reader.ts";
import { portableReader } from "./files/portable-reader.ts";
import type { WalkOrder, WalkResult } from "./files/walk-worker.ts";

export interface FilesOptions {
  /** Directories to read instead of the whole host. */
  readonly roots?: readonly string[] | undefined;
  /** Threads; by default as many as there are processors, from 2 to 4. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
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
const examplesMax = 3;
const workerModule = new URL(
  import.meta.url.endsWith(".ts") ? "./files/walk-worker.ts" : "./files/walk-worker.js",
  import.meta.url,
);

/** Every entry of every directory on the host's own file systems; what this user cannot list is counted and named. */
export async function collectFiles(options: FilesOptions): Promise<FilesCollected> {
  const startedMs = performance.now();
  const scope = options.roots?.map(scopeOf) ?? null;
  const plan = planMounts(readMounts(), scope);
  const workers = options.workers ?? Math.min(workersMax, Math.max(workersMin, availableParallelism()));
  assert(workers >= 1, "somebody walks");
  const results = await walkAll({ plan, workers, options });
  const files = indexTree([rootEntries(plan.roots), ...results.flatMap(({ segments }) => segments)]);
  const missing = unseen(files, plan, scope);
  const reading: SurfaceReading = {
    surface: "files",
    status: missing === "" ? "done" : "partial",
    detail: missing,
    isNarrowed: scope !== null && unseen(files, plan, null) === "",
    facts: countEntries(files),
    durationMs: performance.now() - startedMs,
  };
  return { files, filesReader: results[0]?.reader ?? "portable", scope, reading };
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
  const { mountPoints } = planMounts(readMounts(), null);
  const files: Tree = { segments: [...options.files.segments], index: new Map(options.files.index) };
  const writer = new TreeWriter();
  const pending: Buffer[] = [...options.directories]
    .filter((path) => path !== rootsPath)
    .map((path) => Buffer.from(path, "latin1"));
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const child of reader.readDirectory(path, writer)) {
      const key = child.toString("latin1");
      if (!files.index.has(key) && !mountPoints.has(key)) pending.push(child);
    }
  }
  for (const segment of writer.finish()) addSegment(files, segment);
  if (options.directories.has(rootsPath)) addSegment(files, rootEntries(rootsOf(options.files)));
  return files;
}

function rootsOf(files: Tree): string[] {
  const block = blockAt(files, rootsPath);
  const roots: string[] = [];
  if (block === undefined) return roots;
  for (let entry = firstEntry(block); entry < block.end; entry = nextEntry(block, entry))
    roots.push(entryName(block, entry));
  return roots;
}

async function walkAll(walk: { plan: MountPlan; workers: number; options: FilesOptions }): Promise<WalkResult[]> {
  const { plan, workers, options } = walk;
  options.signal?.throwIfAborted();
  const handle = newDirectoryQueue(workers);
  const queue = new DirectoryQueue(handle);
  for (const root of plan.roots) assert(queue.give(Buffer.from(root, "latin1")), "all roots fit into the queue");
  const aborted = Promise.withResolvers<never>();
  const order: WalkOrder = { queue: handle, mountPoints: plan.mountPoints, portable: options.portable === true };
  const running = Array.from({ length: workers }, () => runWorker(order));
  const cut = () => {
    // They end by themselves, in the midst of a large directory too, and are not waited for. A thread that is ended from
    // outside in a native call may take the whole process with it (SIGABRT).
    queue.finish();
    aborted.reject(options.signal?.reason);
  };
  options.signal?.addEventListener("abort", cut, { once: true });
  try {
    // One that failed leaves the others waiting for its share.
    for (const result of running) result.catch(() => queue.finish());
    const results = await Promise.race([Promise.all(running), aborted.promise]);
    options.signal?.throwIfAborted();
    const named = results.reduce((sum, { count }) => sum + count.named, plan.roots.length);
    const read = results.reduce((sum, { count }) => sum + count.read, 0);
    assert(named === read, `every directory that was named was read: ${named} and ${read}`);
    return results;
  } finally {
    options.signal?.removeEventListener("abort", cut);
  }
}

async function runWorker(workerData: WalkOrder): Promise<WalkResult> {
  const worker = new Worker(workerModule, { workerData, execArgv: [], stdout: false, stderr: false });
  const { promise, resolve, reject } = Promise.withResolvers<WalkResult>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`A worker ended with code ${code} before it was done.`)));
  return promise;
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
  try {
    return toBytePath(realpathSync(root));
  } catch (error) {
    throw new UsageError(`Cannot read ${root}: ${messageOf(error)}`, {
      code: "no-such-root",
      next: "Name directories that exist and that you may enter.",
    });
  }
}

/** What the walk did not see, in words; empty when it saw all. */
function unseen(files: Tree, plan: MountPlan, scope: readonly string[] | null): string {
  const refused: string[] = [];
  const reasons = new Set<string>();
  for (const path of files.index.keys()) {
    const status = blockAt(files, path)?.status ?? 0;
    if (status <= 0) continue;
    reasons.add(getSystemErrorName(-status));
    refused.push(showPath(path));
  }
  const parts: string[] = [];
  if (scope !== null) parts.push(`only what was asked for is read: ${listed(scope.map(showPath))}`);
  if (refused.length > 0) {
    parts.push(
      `${refused.length} directories cannot be listed (${[...reasons].join(", ")}): ${listed(refused.sort())}`,
    );
  }
  if (plan.notRead.length > 0) {
    const mounts = plan.notRead.map(({ point, type }) => `${showPath(point)} (${type})`);
    parts.push(`remote or user-space file systems are not read: ${listed(mounts)}`);
  }
  return parts.join("; ");
}

function listed(names: readonly string[]): string {
  const more = names.length - examplesMax;
  return names.slice(0, examplesMax).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
