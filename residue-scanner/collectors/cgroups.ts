import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { CgroupFact, SurfaceReading } from "../core/fact.ts";

/** Every control group of version 2, an empty one too: whoever made it left it. */
export function collectCgroups(): { cgroups: CgroupFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const root = unifiedRoot();
  const cgroups: CgroupFact[] = [];
  let refused = 0;
  if (root !== null) refused = readBelow({ root, path: "/", cgroups });
  const listed = refused > 0 ? `${refused} control groups cannot be listed` : "";
  const detail = root === null && isKnownToKernel() ? "cgroup v2 is mounted nowhere that this process sees" : listed;
  const durationMs = performance.now() - startedMs;
  const status = detail === "" ? "done" : "partial";
  return { cgroups, reading: { surface: "cgroups", status, detail, facts: cgroups.length, durationMs } };
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

/** Where the kernel has no cgroup v2 there is nothing to see; where it has, whoever mounted it may have made some. */
function isKnownToKernel(): boolean {
  return process.platform === "linux" && /\tcgroup2$/m.test(readFileSync("/proc/filesystems", "utf8"));
}

/** @returns how many could not be listed */
function readBelow({ root, path, cgroups }: { root: string; path: string; cgroups: CgroupFact[] }): number {
  const directory = path === "/" ? root : join(root, path);
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
    cgroups.push({ path, directory, inode: statSync(directory).ino });
  } catch (error) {
    // Removed since it was listed.
    return systemCode(error) === "ENOENT" ? 0 : 1;
  }
  const children = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return children.sort().reduce((refused, name) => refused + readBelow({ root, path: join(path, name), cgroups }), 0);
}
