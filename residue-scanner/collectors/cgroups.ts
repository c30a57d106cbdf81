import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { CgroupFact, SurfaceReading } from "../core/fact.ts";
import { readMounts } from "./files/mounts.ts";
import { readProc } from "./proc.ts";
import { readRecord } from "./quick-read.ts";

/** Whom it holds, what can be asked of it or counts in it; all else that can be written to is a setting (cgroups(7)). */
const noSetting =
  /(?:^tasks$|\.procs$|\.threads$|\.pressure$|peak$|max_usage_in_bytes$|failcnt$|\.usage$|ifpriomap$|\.reset_stats$|\.force_empty$)/;
/** Asked once of each name: the kernel decides it for all groups of a hierarchy. */
const areSettings = new Map<string, boolean>();

/** Every control group of either version, an empty one too: whoever made it left it. */
export function collectCgroups(): { cgroups: CgroupFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const root = unifiedRoot();
  const cgroups: CgroupFact[] = [];
  let refused = root === null ? 0 : readBelow({ root, prefix: "", path: "/", cgroups });
  const older = olderHierarchies();
  for (const { name, point } of older) refused += readBelow({ root: point, prefix: `${name}:`, path: "/", cgroups });
  cgroups.push(...unmountedHierarchies(new Set(older.map(({ name }) => name))));
  const listed = refused > 0 ? `${refused} control groups cannot be listed` : "";
  const detail = root === null && isKnownToKernel() ? "cgroup v2 is mounted nowhere that this process sees" : listed;
  const durationMs = performance.now() - startedMs;
  const status = detail === "" ? "done" : "partial";
  return { cgroups, reading: { surface: "cgroups", status, detail, facts: cgroups.length, durationMs } };
}

/** Where every control group of version 2 is that this process may list, and nothing of what is set of it. */
export function listUnifiedDirectories(): string[] {
  const root = unifiedRoot();
  const directories = root === null ? [] : [root];
  for (const directory of directories) {
    try {
      const entries = readdirSync(directory, { withFileTypes: true });
      directories.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name)));
    } catch {
      // Removed since it was listed, or not this user's to list: nothing of its own is to be found there.
    }
  }
  return directories;
}

/** Where cgroup v2 is mounted: /sys/fs/cgroup, or beside version 1 in /sys/fs/cgroup/unified. Null without it. */
export function unifiedRoot(): string | null {
  if (process.platform !== "linux") return null;
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [, point, type] = line.split(" ");
    if (type === "cgroup2" && point !== undefined) return point;
  }
  return null;
}

/** Of version 1, by their controllers or their name (`pids`, `cpu,cpuacct`, `name=systemd`), as /proc/PID/cgroup has it. */
function olderHierarchies(): { name: string; point: string }[] {
  const known = hierarchyNames();
  const found = new Map<string, string>();
  for (const { type, root, point, superOptions } of readMounts()) {
    const words = new Set(superOptions.split(","));
    const name = known.find((each) => each.split(",").every((word) => words.has(word)));
    if (type === "cgroup" && root === "/" && name !== undefined && !found.has(name)) found.set(name, point);
  }
  return [...found].map(([name, point]) => ({ name, point }));
}

/** One that was made in a mount that is gone stays for as long as there are groups in it. */
function unmountedHierarchies(mounted: ReadonlySet<string>): CgroupFact[] {
  const hidden = hierarchyNames().filter((name) => !mounted.has(name));
  return hidden.map((name) => ({ path: `${name}:/`, directory: "/proc/self/cgroup", inode: 0, settings: {} }));
}

function hierarchyNames(): string[] {
  const lines = (readProc("/proc/self/cgroup") ?? "").split("\n");
  return lines.map((line) => line.split(":")[1] ?? "").filter(Boolean);
}

/** Where the kernel has no cgroup v2 there is nothing to see; where it has, whoever mounted it may have made some. */
function isKnownToKernel(): boolean {
  return process.platform === "linux" && /\tcgroup2$/m.test(readFileSync("/proc/filesystems", "utf8"));
}

interface Place {
  readonly root: string;
  /** Before a path of version 1: `pids:`. */
  readonly prefix: string;
  readonly path: string;
  readonly cgroups: CgroupFact[];
}

/** @returns how many could not be listed */
function readBelow({ root, prefix, path, cgroups }: Place): number {
  const directory = path === "/" ? root : join(root, path);
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
    const { ino, uid, gid, mode } = statSync(directory);
    const settings = {
      ...settingsIn(directory, entries, prefix),
      ...{ owner: `${uid}:${gid}`, permissions: (mode & 0o7777).toString(8) },
    };
    cgroups.push({ path: `${prefix}${path}`, directory, inode: ino, settings });
  } catch (error) {
    // Removed since it was listed.
    return systemCode(error) === "ENOENT" ? 0 : 1;
  }
  const children = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return children
    .sort()
    .reduce((refused, name) => refused + readBelow({ root, prefix, path: join(path, name), cgroups }), 0);
}

function settingsIn(directory: string, entries: readonly Dirent[], prefix: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const entry of entries) {
    if (!entry.isFile() || !isSetting(directory, entry.name, prefix)) continue;
    try {
      settings[entry.name] = readRecord(join(directory, entry.name)).trim();
    } catch {
      // Gone with the group, or without a value until one is set.
    }
  }
  return settings;
}

/** What can be read and written; of devices (version 1) what is allowed, which is written elsewhere. */
function isSetting(directory: string, name: string, prefix: string): boolean {
  const key = `${prefix}${name}`;
  const known = areSettings.get(key);
  if (known !== undefined) return known;
  try {
    const { mode } = statSync(join(directory, name));
    const answer = name === "devices.list" || ((mode & 0o200) !== 0 && (mode & 0o444) !== 0 && !noSetting.test(name));
    areSettings.set(key, answer);
    return answer;
  } catch {
    return false;
  }
}
