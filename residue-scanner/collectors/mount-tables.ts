import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";

import { startStripped } from "./files/stripped-worker.ts";
import type { MountTableOrder } from "./mount-table-worker.ts";

/** A thread begins within some hundredths of a second; the machine may be busy. */
const answerMsMax = 10_000;
const workerModule = new URL(
  import.meta.url.endsWith(".ts") ? "./mount-table-worker.ts" : "./mount-table-worker.js",
  import.meta.url,
);

/**
 * The tables of mounts (proc_pid_mountinfo(5)) of mount namespaces in which no process lives. For that a thread of its own
 * goes there, which needs CAP_SYS_ADMIN and CAP_SYS_CHROOT; this one waits for it.
 *
 * @param entrances what leads into each, one character a byte
 * @returns in their order; null for each that this user may not enter, or that is gone
 */
export function readMountTables(entrances: readonly string[]): (Uint8Array | null)[] {
  if (entrances.length === 0) return [];
  const { port1, port2 } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const order: MountTableOrder = { entrances, port: port2, done };
  const worker = startStripped(workerModule, order, [port2]);
  // One that fails gives no answer.
  worker.on("error", () => undefined);
  worker.unref();
  Atomics.wait(done, 0, 0, answerMsMax);
  const answer = receiveMessageOnPort(port1)?.message as (Uint8Array | null)[] | undefined;
  port1.close();
  return answer ?? entrances.map(() => null);
}
