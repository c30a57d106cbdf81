import type { Segment } from "../../core/packed-tree.ts";
import type { TreeWriter } from "../../core/tree-writer.ts";
import type { DirectoryQueue } from "./directory-queue.ts";
import type { DirectoryReader } from "./directory-reader.ts";

export interface WalkOptions {
  readonly reader: DirectoryReader;
  readonly queue: DirectoryQueue;
  readonly writer: TreeWriter;
  /** Paths (one character a byte) at which something else is mounted: roots of their own, or not to be read. */
  readonly mountPoints: ReadonlySet<string>;
  /** Gets what is read as soon as nothing more is written to it; by default it is left to the writer. */
  readonly give?: (segments: readonly Segment[]) => void;
}

/** A walk is whole when all workers together read as many directories as they and the roots named. */
export interface WalkCount {
  readonly named: number;
  readonly read: number;
}

/** One worker's share of the walk: takes directories, reads them, and descends until nobody has any left. */
export function walk({ reader, writer, queue, mountPoints, give }: WalkOptions): WalkCount {
  const own: Buffer[] = [];
  let named = 0;
  let read = 0;
  let oldest = 0;
  // Most paths are longer than that, and need not be looked up.
  const mountPointBytesMax = Math.max(0, ...[...mountPoints].map((path) => path.length));
  for (;;) {
    const path = queue.isFinished ? undefined : own.length > oldest ? own.pop() : queue.take();
    if (path === undefined) return { named, read };
    read += 1;
    for (const child of reader.readDirectory(path, writer)) {
      if (child.length <= mountPointBytesMax && mountPoints.has(child.toString("latin1"))) continue;
      own.push(child);
      named += 1;
    }
    give?.(writer.takeFull());
    // The oldest lie nearest to the root, so they are worth the most to somebody without work.
    while (own.length - oldest > 1 && queue.isLow && queue.give(own[oldest] as Buffer)) oldest += 1;
    if (oldest < own.length) continue;
    own.length = 0;
    oldest = 0;
  }
}
