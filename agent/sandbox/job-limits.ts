import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { ProcessLimits } from "./spawn-job.ts";

/** What one job may take of the host, besides its workspace; null for no limit. */
export interface JobLimits {
  readonly processesMax: number;
  /** Null: half of the host's memory where a controller counts it, and no limit elsewhere. */
  readonly memoryBytesMax: number | null;
  readonly cpusMax: number | null;
}

export const defaultJobLimits: JobLimits = { processesMax: 512, memoryBytesMax: null, cpusMax: null };

/** The controllers of cgroup v2 that limit a job; which there are is the host's choice. */
export type Controller = "pids" | "memory" | "cpu";
const controllers: readonly Controller[] = ["pids", "memory", "cpu"];

/** cpu.max is a quota of microseconds in each period. */
const cpuPeriodUs = 100_000;

/**
 * Hands the controllers that a cgroup has down to its children. Only what is offered is taken: the cgroups above belong
 * to the host, and are left as they are.
 */
export function enableControllers(cgroup: string): ReadonlySet<Controller> {
  const offered = read(join(cgroup, "cgroup.controllers")).split(/\s+/);
  const enabled = controllers.filter((name) => {
    if (!offered.includes(name)) return false;
    try {
      writeFileSync(join(cgroup, "cgroup.subtree_control"), `+${name}`);
      return true;
    } catch {
      // Whoever made the cgroup above has not delegated it.
      return false;
    }
  });
  return new Set(enabled);
}

/** Writes a job's limits into its cgroup, before anything is in it. */
export function limitCgroup({
  cgroup,
  enabled,
  limits,
  hostMemoryBytes,
}: {
  readonly cgroup: string;
  readonly enabled: ReadonlySet<Controller>;
  readonly limits: JobLimits;
  readonly hostMemoryBytes: number;
}): void {
  const write = (file: string, value: string): void => writeFileSync(join(cgroup, file), value);
  if (enabled.has("pids")) write("pids.max", String(limits.processesMax));
  if (enabled.has("memory")) {
    write("memory.max", String(limits.memoryBytesMax ?? Math.floor(hostMemoryBytes / 2)));
    // The whole job ends, not one process of it: half a job is of no use to anybody.
    write("memory.oom.group", "1");
  }
  if (enabled.has("cpu") && limits.cpusMax !== null) {
    write("cpu.max", `${Math.round(limits.cpusMax * cpuPeriodUs)} ${cpuPeriodUs}`);
  }
}

/** What is left to the limits of single processes, where no controller does better. */
export function processLimitsOf({
  enabled,
  limits,
  workspaceBytesMax,
  countsAlone,
}: {
  readonly enabled: ReadonlySet<Controller>;
  readonly limits: JobLimits;
  readonly workspaceBytesMax: number;
  /** Whether RLIMIT_NPROC counts the job's processes alone. */
  readonly countsAlone: boolean;
}): ProcessLimits {
  return {
    fileBytesMax: workspaceBytesMax,
    processesMax: !enabled.has("pids") && countsAlone ? limits.processesMax : null,
    addressBytesMax: enabled.has("memory") ? null : limits.memoryBytesMax,
  };
}

/**
 * RLIMIT_NPROC counts a user's processes within a user namespace (Linux 5.14), and never those of the host's root
 * (getrlimit(2)). Outside of one it would count the donor's own.
 */
export function countsProcessesAlone({ ownUsers }: { readonly ownUsers: boolean }): boolean {
  return ownUsers && process.getuid?.() !== 0;
}

/** Which limits cannot be held on this machine, as sentences for the donor. */
export function unlimited({
  enabled,
  limits,
  countsAlone,
}: {
  readonly enabled: ReadonlySet<Controller>;
  readonly limits: JobLimits;
  readonly countsAlone: boolean;
}): string[] {
  const cannot: string[] = [];
  if (!enabled.has("pids") && !countsAlone) {
    cannot.push("How many processes a job makes is not limited: this user has no pids controller of cgroup version 2.");
  }
  if (!enabled.has("memory")) {
    cannot.push(
      limits.memoryBytesMax === null
        ? "A job's memory is not limited: this user has no memory controller of cgroup version 2."
        : "A job's memory is limited for each of its processes, not for all together: this user has no memory controller of cgroup version 2.",
    );
  }
  if (!enabled.has("cpu") && limits.cpusMax !== null) {
    cannot.push("How many processors a job uses is not limited: this user has no cpu controller of cgroup version 2.");
  }
  return cannot;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
