import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";

/** cgroup v2 as files (Documentation/admin-guide/cgroup-v2.rst). Everything here is synchronous and takes microseconds. */

/** The most directories that a search through the hierarchy, or below a job's own cgroup, looks at. */
const directoriesMax = 20_000;

/** Where cgroup v2 is mounted: /sys/fs/cgroup, or below it beside version 1; null where it is not. */
export function cgroupMount(): string | null {
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [, path, type] = line.split(" ");
    if (type === "cgroup2" && path !== undefined) return unescapeMount(path);
  }
  return null;
}

/** The cgroup of this process as a directory: new cgroups below it may be entered by whoever owns it. */
export function ownCgroup(): string | null {
  const mount = cgroupMount();
  if (mount === null) return null;
  const line = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .find((each) => each.startsWith("0::"));
  if (line === undefined) return null;
  const path = join(mount, line.slice("0::".length));
  // Outside the cgroup namespace's root the kernel writes `/..`, which is nowhere.
  return line.includes("/..") || !existsSync(path) ? null : path;
}

/** Whether this user may make cgroups below this one and move processes between them. */
export function mayDelegate(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(join(path, "cgroup.procs"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes a cgroup unless it is there, and says whether it can freeze (Linux 5.2) and kill (Linux 5.14). */
export function makeCgroup(path: string): { readonly made: boolean; readonly able: boolean } {
  let made = true;
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    made = false;
  }
  return { made, able: existsSync(join(path, "cgroup.freeze")) && existsSync(join(path, "cgroup.kill")) };
}

/** Asks for every process below to be stopped, or to go on. Who is stopped shows in `isFrozen`. */
export function setFrozen(path: string, frozen: boolean): void {
  writeFileSync(join(path, "cgroup.freeze"), frozen ? "1" : "0");
}

export function isFreezeAsked(path: string): boolean {
  return readFileSync(join(path, "cgroup.freeze"), "utf8").startsWith("1");
}

export function isFrozen(path: string): boolean {
  return readFileSync(join(path, "cgroup.events"), "utf8").includes("frozen 1");
}

/** Kills every process below at once, forks in flight included, frozen or not. */
export function killCgroup(path: string): void {
  writeFileSync(join(path, "cgroup.kill"), "1");
}

/**
 * CPU time that was used in a cgroup and below since it was made, in milliseconds; what has ended and what is removed
 * count too. Null where it is gone.
 */
export function cgroupCpuMs(path: string): number | null {
  try {
    return Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(path, "cpu.stat"), "utf8"))?.[1] ?? Number.NaN) / 1_000;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The pids in a cgroup and in those that a job made below it; zombies are not among them. Empty when it is gone. */
export function cgroupPids(path: string): number[] {
  const pids: number[] = [];
  for (const directory of withDescendants(path)) {
    try {
      for (const line of readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n")) {
        // A process of another PID namespace reads as 0.
        if (line !== "" && line !== "0") pids.push(Number(line));
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return pids;
}

/** Removes a cgroup and those below it; false when a process is still in one of them. */
export function removeCgroup(path: string): boolean {
  for (const directory of withDescendants(path).reverse()) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if (systemCode(error) === "EBUSY") return false;
      if (!isGone(error)) throw error;
    }
  }
  return true;
}

/** Every cgroup of this host with this name. */
export function findCgroupsNamed(name: string): string[] {
  const mount = cgroupMount();
  return mount === null ? [] : withDescendants(mount).filter((path) => basename(path) === name);
}

/** The cgroups directly below one. */
export function childCgroups(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name));
  } catch (error) {
    if (isGone(error) || systemCode(error) === "EACCES") return [];
    throw error;
  }
}

/** Parents before children. */
function withDescendants(path: string): string[] {
  const found = [path];
  for (let index = 0; index < found.length && found.length < directoriesMax; index += 1) {
    found.push(...childCgroups(found[index] as string));
  }
  return found;
}

function isGone(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENODEV";
}

/** /proc/mounts writes space, tab, newline and backslash as octal escapes. */
function unescapeMount(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
