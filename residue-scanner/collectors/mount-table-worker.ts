import { type MessagePort, workerData } from "node:worker_threads";

import { type KernelCalls, kernelCalls } from "./kernel-calls.ts";

/** What the thread is started with. */
export interface MountTableOrder {
  /** What leads into each mount namespace, one character a byte. */
  readonly entrances: readonly string[];
  /** Gets the tables, in the order of the entrances; null for each that this user may not enter, or that is gone. */
  readonly port: MessagePort;
  /** One word, which becomes 1 when they were sent. */
  readonly done: Int32Array;
}

/** CLONE_FS and CLONE_NEWNS of linux/sched.h */
const rootAndDirectory = 0x200;
const mountKind = 0x20000;
const atFdcwd = -100;
/** O_PATH and O_DIRECTORY */
const openPlace = 0o10000000 | 0o200000;
const closeOnExec = 0o2000000;

const { entrances, port, done } = workerData as MountTableOrder;
const calls = kernelCalls();
const tables = calls === null ? entrances.map(() => null) : readAll(calls);
port.postMessage(tables);
Atomics.store(done, 0, 1);
Atomics.notify(done, 0);

function readAll(calls: KernelCalls): (Buffer | null)[] {
  // Who shares root and working directory with other threads may not go (setns(2)).
  const isAlone = calls.unshare(rootAndDirectory) === 0;
  const [proc, home] = [open(calls, "/proc", openPlace), open(calls, "/proc/thread-self/ns/mnt", 0)];
  try {
    return entrances.map((entrance) => (isAlone ? readOne(calls, { entrance, proc, home }) : null));
  } finally {
    for (const descriptor of [proc, home]) if (descriptor >= 0) calls.close(descriptor);
  }
}

/** There, nothing need be mounted on /proc: the way there is taken along. */
function readOne(
  calls: KernelCalls,
  { entrance, proc, home }: { entrance: string; proc: number; home: number },
): Buffer | null {
  const there = open(calls, entrance, 0);
  if (there < 0 || home < 0 || calls.setns(there, mountKind) !== 0) {
    if (there >= 0) calls.close(there);
    return null;
  }
  try {
    const table = open(calls, "thread-self/mountinfo", 0, proc);
    if (table < 0) return null;
    try {
      return readWhole(calls, table);
    } finally {
      calls.close(table);
    }
  } finally {
    calls.setns(home, mountKind);
    calls.close(there);
  }
}

function open(calls: KernelCalls, path: string, flags: number, directory = atFdcwd): number {
  // Larger than what Node takes from its shared pool, so that the address stays.
  const bytes = Buffer.alloc(Math.max(8192, path.length + 1));
  bytes.write(path, "latin1");
  return calls.openat(directory, calls.addressOf(bytes), flags | closeOnExec);
}

function readWhole(calls: KernelCalls, descriptor: number): Buffer | null {
  const pieces: Buffer[] = [];
  const piece = Buffer.alloc(65_536);
  for (;;) {
    const read = calls.read(descriptor, calls.addressOf(piece), piece.length);
    if (read < 0) return null;
    if (read === 0) return Buffer.concat(pieces);
    pieces.push(Buffer.from(piece.subarray(0, read)));
  }
}
