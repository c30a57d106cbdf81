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
  /** One word: how many messages wait to be taken in. Null where the threads need not wait for that. */
  readonly waiting: Int32Array | null;
}

/** What a worker sends: segments as they are filled, and in the end, when nobody has anything left to read, the rest. */
export interface WalkMessage {
  readonly segments: readonly Segment[];
  /** With the last one. */
  readonly result: WalkResult | null;
}

export interface WalkResult {
  readonly reader: DirectoryReader["name"];
  readonly count: WalkCount;
}

/** Of all threads together. */
const waitingMax = 8;
const waitingWords = 2 ** 18;
/** How often is looked whether the walk was cut, in ms. */
const lookMs = 50;

const order = workerData as WalkOrder;
const port = present(parentPort, "this module runs in a worker");
const calls = order.portable ? null : await loadNativeCalls();
const queue = new DirectoryQueue(order.queue);
const isCut = (): boolean => queue.isFinished;
const reader = calls === null ? portableReader(isCut) : nativeReader(calls, { privateDirectory: true, isCut });
/** With little room for what waits, what waits is small. */
const writer = new TreeWriter(order.waiting === null ? undefined : waitingWords);
const give = (segments: readonly Segment[]): void => {
  if (segments.length === 0) return;
  send({ segments, result: null });
  if (order.waiting !== null) waitForRoom(order.waiting);
};
const count = walk({ reader, writer, queue, mountPoints: order.mountPoints, give });
send({ segments: writer.finish(), result: { reader: reader.name, count } });

/** Who takes it in has other work, too. */
function waitForRoom(waiting: Int32Array): void {
  Atomics.add(waiting, 0, 1);
  for (let count = Atomics.load(waiting, 0); count > waitingMax && !isCut(); count = Atomics.load(waiting, 0))
    Atomics.wait(waiting, 0, count, lookMs);
}

function send(message: WalkMessage): void {
  port.postMessage(
    message,
    message.segments.map(({ words }) => words.buffer as ArrayBuffer),
  );
}
