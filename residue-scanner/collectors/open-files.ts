import { lstatSync, readdirSync } from "node:fs";

import { firstPid, hasEnded, listPids, readProcLink } from "./proc.ts";

export interface OpenFiles {
  /** Inode of a socket → pids that hold it. */
  readonly sockets: ReadonlyMap<number, readonly number[]>;
  /** How many processes, process 1 apart, do not show this user their descriptors. */
  readonly closed: number;
  /** Whether a socket that nobody seems to hold may have a holder all the same. */
  readonly holdersHidden: boolean;
}

/** Who holds which socket, by /proc/PID/fd. */
export function readSocketHolders(): OpenFiles {
  const sockets = new Map<number, number[]>();
  const closed: number[] = [];
  for (const pid of listPids()) {
    const descriptors = listDescriptors(pid);
    if (descriptors === null && !hasEnded(pid)) closed.push(pid);
    for (const descriptor of descriptors ?? []) {
      const target = readProcLink(`/proc/${pid}/fd/${descriptor}`);
      if (target === null || !target.startsWith("socket:[")) continue;
      const inode = Number(target.slice("socket:[".length, -1));
      const holders = sockets.get(inode);
      if (holders === undefined) sockets.set(inode, [pid]);
      else if (holders.at(-1) !== pid) holders.push(pid);
    }
  }
  return {
    sockets,
    closed: closed.filter((pid) => pid !== firstPid).length,
    holdersHidden: closed.length > 0,
  };
}

/** Which processes have one of these files open for writing: path (one character a byte) → pids. */
export function readWriters(paths: ReadonlySet<string>): Map<string, number[]> {
  const writers = new Map<string, number[]>();
  for (const pid of listPids()) {
    for (const descriptor of listDescriptors(pid) ?? []) {
      const link = `/proc/${pid}/fd/${descriptor}`;
      const target = readProcLink(link);
      if (target === null || !paths.has(target) || !isForWriting(link)) continue;
      const pids = writers.get(target) ?? [];
      if (!pids.includes(pid)) writers.set(target, [...pids, pid]);
    }
  }
  return writers;
}

function listDescriptors(pid: number): string[] | null {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    // Ended since it was listed: it holds nothing any more.
    return (error as NodeJS.ErrnoException).code === "EACCES" ? null : [];
  }
}

/** proc_pid_fd(5): the link's own permissions tell how the descriptor was opened. */
function isForWriting(link: string): boolean {
  try {
    return (lstatSync(link).mode & 0o200) !== 0;
  } catch {
    return false;
  }
}
