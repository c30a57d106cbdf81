import { closeSync, openSync } from "node:fs";

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

type Flock = (descriptor: number, operation: number) => number;

/**
 * Does something while nobody else on this host does it with the same file: a run's watchdog and `scenarios heal` would
 * ask the same agents to withdraw, and each find half of it done. Whoever comes second waits. The kernel lets go of the
 * lock when its holder ends, however it ends (flock(2)).
 *
 * Where the C library or the file system has no such lock (some network file systems), nobody waits: what is undone is
 * undone by identity, and twice is as good as once.
 */
export async function withUndoLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const descriptor = openSync(path, "r");
  try {
    const flock = await bindFlock();
    if (flock !== null && flock.now(descriptor, LOCK_EX | LOCK_NB) !== 0) await flock.later(descriptor, LOCK_EX);
    try {
      return await work();
    } finally {
      // Not by closing alone: a process that is being started at this moment holds the same open file until its exec.
      flock?.now(descriptor, LOCK_UN);
    }
  } finally {
    closeSync(descriptor);
  }
}

async function bindFlock(): Promise<{ now: Flock; later: (...args: Parameters<Flock>) => Promise<number> } | null> {
  try {
    const koffi = (await import("koffi")).default;
    const call = koffi.load(null).func("int flock(int descriptor, int operation)");
    return {
      now: (...args) => call(...args) as number,
      // On a thread of its own: whoever waits can still be interrupted.
      later: async (...args) =>
        await new Promise((resolve) => call.async(...args, (_: unknown, code: number) => resolve(code))),
    };
  } catch {
    // No binary for this platform.
    return null;
  }
}
