import { readdirSync } from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import { readMounts } from "../files/mounts.ts";
import { kernelCalls } from "../kernel-calls.ts";
import { readProc } from "../proc.ts";

/** fcntl.h and linux/mount.h */
const currentDirectory = -100;
const openTreeClone = 0x1;
const closeOnExec = 0o2000000;

/** Processes that something is mounted over: what /proc/PID shows of them is not theirs. */
export function coveredPids(mountTable = "/proc/self/mountinfo"): Set<number> {
  const pids = readMounts(mountTable).map(({ point }) => /^\/proc\/(\d+)(?:\/|$)/.exec(point)?.[1]);
  return new Set(pids.filter((pid) => pid !== undefined).map(Number));
}

/**
 * Has /proc read as it is below all that is mounted over parts of it (open_tree(2) without AT_RECURSIVE); needs
 * CAP_SYS_ADMIN.
 *
 * @param use gets a path that leads there while it runs; null where this user, or this kernel, cannot
 */
export function withBareProc<T>(use: (proc: string | null) => T): T {
  const calls = kernelCalls();
  const path = Buffer.from("/proc\0");
  const flags = openTreeClone | closeOnExec;
  const tree = calls?.openTree(currentDirectory, calls.addressOf(path), flags) ?? -1;
  if (calls === null || tree < 0) return use(null);
  try {
    return use(`/proc/self/fd/${tree}`);
  } finally {
    calls.close(tree);
  }
}

/**
 * Pids that control groups name, that can be signalled, and that are not among those that /proc shows.
 *
 * @param shown asked only when needed, and again once a pid seems to be missing: it may have been born since
 */
export function unshownPids(cgroupRoot: string | null, shown: () => ReadonlySet<number>): number[] {
  if (cgroupRoot === null) return [];
  const members = membersBelow(cgroupRoot);
  const first = shown();
  if (members.every((pid) => first.has(pid))) return [];
  const again = shown();
  return members.filter((pid) => !first.has(pid) && !again.has(pid) && isThere(pid));
}

function membersBelow(directory: string): number[] {
  // 0 stands for a process of an outer PID namespace.
  const own = (readProc(`${directory}/cgroup.procs`) ?? "").split("\n").map(Number).filter(Boolean);
  try {
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return below.reduce((all, { name }) => [...all, ...membersBelow(`${directory}/${name}`)], own);
  } catch {
    // Removed since it was listed, and its processes with it.
    return own;
  }
}

/** kill(2) with signal 0. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
