import { assert } from "../../../foundation/assert.ts";
import type { Segment } from "../../core/packed-tree.ts";
import { DirectoryQueue, newDirectoryQueue } from "./directory-queue.ts";
import type { MountPlan } from "./mounts.ts";
import { startStripped } from "./stripped-worker.ts";
import type { WalkMessage, WalkOrder, WalkResult } from "./walk-worker.ts";

export interface ThreadsOptions {
  readonly plan: MountPlan;
  readonly workers: number;
  /** For tests: do without the system calls that Node lacks. */
  readonly portable: boolean;
  readonly signal: AbortSignal | undefined;
  /** Gets what is read while the walk goes on. */
  readonly take: (segment: Segment) => void;
  /** Whether what it gets soon takes no room any more, so that threads that are ahead of it wait. */
  readonly isTakenAway: boolean;
}

const workerModule = new URL(
  import.meta.url.endsWith(".ts") ? "./walk-worker.ts" : "./walk-worker.js",
  import.meta.url,
);

/**
 * Reads the directories of the plan in threads that share the work.
 *
 * @throws the signal's reason at once when it aborts, whatever the threads are at
 */
export async function walkInThreads({
  plan,
  workers,
  portable,
  signal,
  take,
  isTakenAway,
}: ThreadsOptions): Promise<WalkResult[]> {
  signal?.throwIfAborted();
  const handle = newDirectoryQueue(workers);
  const queue = new DirectoryQueue(handle);
  for (const root of plan.roots) assert(queue.give(Buffer.from(root, "latin1")), "all roots fit into the queue");
  const aborted = Promise.withResolvers<never>();
  const waiting = isTakenAway ? new Int32Array(new SharedArrayBuffer(4)) : null;
  const order: WalkOrder = { queue: handle, mountPoints: plan.mountPoints, portable, waiting };
  const running = Array.from({ length: workers }, () =>
    runWorker(order, (segment) => signal?.aborted === true || take(segment)),
  );
  const cut = () => {
    // They end by themselves, in the midst of a large directory too, and are not waited for. A thread that is ended from
    // outside in a native call may take the whole process with it (SIGABRT).
    queue.finish();
    aborted.reject(signal?.reason);
  };
  signal?.addEventListener("abort", cut, { once: true });
  try {
    // One that failed leaves the others waiting for its share.
    for (const result of running) result.catch(() => queue.finish());
    const results = await Promise.race([Promise.all(running), aborted.promise]);
    signal?.throwIfAborted();
    const named = results.reduce((sum, { count }) => sum + count.named, plan.roots.length);
    const read = results.reduce((sum, { count }) => sum + count.read, 0);
    assert(named === read, `every directory that was named was read: ${named} and ${read}`);
    return results;
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

async function runWorker(order: WalkOrder, take: (segment: Segment) => unknown): Promise<WalkResult> {
  const worker = startStripped(workerModule, order);
  const { promise, resolve, reject } = Promise.withResolvers<WalkResult>();
  worker.on("message", ({ segments, result }: WalkMessage) => {
    try {
      for (const segment of segments) take(segment);
    } catch (error) {
      reject(error);
    }
    if (result !== null) resolve(result);
    else if (order.waiting !== null) {
      Atomics.sub(order.waiting, 0, 1);
      Atomics.notify(order.waiting, 0);
    }
  });
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`A worker ended with code ${code} before it was done.`)));
  return promise;
}
