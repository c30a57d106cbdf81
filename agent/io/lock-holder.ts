import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The pid of the process that holds a lock on the file; null where nobody does, or this system does not tell. Takes no
 * lock itself: proc_locks(5) names who holds one by inode, and the open files of that process tell whether it is this.
 */
export function lockHolder(path: string): number | null {
  let locks: string;
  let file: Stats | undefined;
  try {
    file = statSync(path, { throwIfNoEntry: false });
    locks = readFileSync("/proc/locks", "utf8");
  } catch {
    return null;
  }
  if (file === undefined) return null;
  for (const line of locks.split("\n")) {
    // 1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF; a process of another PID namespace is 0, a waiting one has "->".
    const [, pid, inode] = /^\d+: POSIX\s+\S+\s+\S+\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? [];
    if (Number(inode) === file.ino && hasOpen(Number(pid), file)) return Number(pid);
  }
  return null;
}

function hasOpen(pid: number, file: Stats): boolean {
  if (pid === 0) return false;
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((name) => {
      const stat = statSync(join(directory, name), { throwIfNoEntry: false });
      return stat?.ino === file.ino && stat.dev === file.dev;
    });
  } catch {
    // It has ended, or is another user's, which a lock in this home cannot be.
    return false;
  }
}
