import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { cgroupMount, mayDelegate } from "../../agent/sandbox/cgroup.ts";

/** A place in a hierarchy of cgroups whose CPU controller this user may use. */
export interface CpuHierarchy {
  readonly version: 1 | 2;
  /** Where a cgroup with a limit can be made. */
  readonly parent: string;
}

/** Over which the limit is held, in microseconds; the kernel's own default. */
const periodUs = 100_000;

/**
 * Where CPU time can be limited: version 2, whose root hands the controller to what is right below it, or a hierarchy of
 * version 1 (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/cpuacct.rst); undefined where neither is there.
 */
export function cpuHierarchy(): CpuHierarchy | undefined {
  const unified = cgroupMount();
  if (unified !== null && mayDelegate(unified) && handsDownCpu(unified)) return { version: 2, parent: unified };
  const mounted = mountOf("cgroup", "cpu");
  return mounted !== undefined && mayDelegate(mounted) ? { version: 1, parent: mounted } : undefined;
}

/** Makes a cgroup in which so many percent of one CPU are to be had. */
export function makeLimited(path: string, { version, cpuPercent }: { version: 1 | 2; cpuPercent: number }): void {
  mkdirSync(path);
  const quotaUs = Math.round((cpuPercent / 100) * periodUs);
  if (version === 2) writeFileSync(join(path, "cpu.max"), `${quotaUs} ${periodUs}`);
  else {
    writeFileSync(join(path, "cpu.cfs_period_us"), String(periodUs));
    writeFileSync(join(path, "cpu.cfs_quota_us"), String(quotaUs));
  }
}

/** In which cgroup of that hierarchy a process is. */
export function cgroupOfProcess(pid: number, { version, parent }: CpuHierarchy): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  for (const line of lines) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (version === 2 ? controllers === "" : controllers.split(",").includes("cpu")) return join(parent, path);
  }
  return parent;
}

/** How often what is in a cgroup had to wait for its limit, and for how long in all. */
export function throttled(path: string): { readonly times: number; readonly ms: number } {
  const text = readFileSync(join(path, "cpu.stat"), "utf8");
  const field = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  return { times: field("nr_throttled"), ms: field("throttled_usec") / 1_000 + field("throttled_time") / 1_000_000 };
}

function handsDownCpu(mount: string): boolean {
  const file = join(mount, "cgroup.subtree_control");
  return existsSync(file) && readFileSync(file, "utf8").trim().split(" ").includes("cpu");
}

function mountOf(type: string, option: string): string | undefined {
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [, path, of, options = ""] = line.split(" ");
    if (of === type && options.split(",").includes(option)) return path;
  }
  return undefined;
}
