import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";

/**
 * The cgroup v2 directory of this process, where it may make children of its own; undefined where there is none or it
 * is not writable. The mount point is looked up: /sys/fs/cgroup on most machines, /sys/fs/cgroup/unified on some.
 */
export function ownCgroup(): string | undefined {
  const mount = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .find((fields) => fields[2] === "cgroup2")?.[1];
  const path = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .find((line) => line.startsWith("0::"))
    ?.slice(3);
  if (mount === undefined || path === undefined) return undefined;
  const directory = join(mount, path);
  const probe = join(directory, `houseguest-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return directory;
  } catch {
    // Not writable for this user: the run goes on without, and the scanner says what it could not see.
    return undefined;
  }
}

/** Kills every process in the cgroup and below (cgroup.kill, Linux 5.14), thawed or frozen. */
export function killCgroup(path: string): void {
  if (!existsSync(path)) return;
  writeFileSync(join(path, "cgroup.kill"), "1");
}

/** The pids in a cgroup and below it. */
export function cgroupPids(path: string): number[] {
  if (!existsSync(path)) return [];
  const own = readFileSync(join(path, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  return [...own, ...childCgroups(path).flatMap(cgroupPids)];
}

/**
 * Removes a cgroup and those below it, deepest first.
 *
 * @returns whether it is gone; false while a process is still in it
 */
export function removeCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  for (const child of childCgroups(path)) removeCgroup(child);
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    if (systemCode(error) === "EBUSY") return false;
    throw error;
  }
}

function childCgroups(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}
