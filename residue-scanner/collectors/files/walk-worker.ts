import { parentPort, workerData } from "node:worker_threads";

import { present } from "../../../foundation/assert.ts";
import type { Segment } from "../../core/packed-tree.ts";
import { TreeWriter } from "../../core/tree-writer.ts";
import { DirectoryQueue, type DirectoryQueueHandle } from "./directory-queue.ts";
import type { DirectoryReader } from "./directory-reader.ts";
import { loadNativeCalls } from "./native-calls.ts";
import { nativeReader } from "./native-reader.ts";
import { portableReader } from "./portable-reader.ts";
import { walk, type WalkCount } from "./walk.ts";

/** What a worker is started with. */
export interface WalkOrder {
  readonly queue: DirectoryQueueHandle;
  readonly mountPoints: ReadonlySet<string>;
  /** For tests: do without the system calls of `native-calls.ts`. */
  readonly portable: boolean;
}

/** What a worker sends when nobody has anything left to read. */
export interface WalkResult {
  readonly reader: DirectoryReader["name"];
  readonly segments: Segment[];
  readonly count: WalkCount;
}

const order = workerData as WalkOrder;
const port = present(parentPort, "this module runs in a worker");
const calls = order.portable ? null : await loadNativeCalls();
const queue = new DirectoryQueue(order.queue);
const isCut = (): boolean => queue.isFinished;
const reader = calls === null ? portableReader(isCut) : nativeReader(calls, { privateDirectory: true, isCut });
const writer = new TreeWriter();
const count = walk({ reader, writer, queue, mountPoints: order.mountPoints });
const segments = writer.finish();
const result: WalkResult = { reader: reader.name, segments, count };
port.postMessage(
  result,
  segments.map(({ words }) => words.buffer as ArrayBuffer),
);
