import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { cgroupPids, childCgroups } from "../../../agent/sandbox/cgroup.ts";
import { jobEnvironment, runMarker } from "../../../protocol/job-environment.ts";
import {
  allPids,
  cpuTimeNs,
  isStopped,
  markedProcesses,
  processEnvironment,
  processStat,
  type ProcessStat,
} from "./proc.ts";

/** How long a freeze is waited for before the witness says that it did not come, in milliseconds. */
const freezeMsMax = 5_000;
/** How long the witness sleeps between two looks, in milliseconds: the resolution of its figure. */
const lookEveryMs = 0.05;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** The processes of the sandboxes that live now, of all or of those with these pids. */
type Jobs = (pids?: readonly number[]) => ProcessStat[];

/** What is needed to see from outside whether sandboxes run: taken before the trigger. */
export interface Witness {
  readonly source: "cgroup" | "proc";
  /** Whether every process of every sandbox that is known is stopped at this moment, as its source tells. */
  allStopped(): boolean;
  /** Looks whether there are others that run, and gets to know them. */
  isComplete(): boolean;
  /** Every process of a sandbox, found afresh by cgroup and by marker. */
  processes(): number[];
  /** Those of them that a sandbox's cgroup does not hold and that are not stopped either. */
  running(): number[];
  /** Those that were there from the first and do not go on: frozen with their cgroup, or stopped by a signal. */
  stopped(): number[];
  close(): void;
}

/**
 * A witness of one agent's sandboxes that does not ask the agent. Where the harness put the agent into a cgroup, each
 * cgroup below it that holds processes is watched (cgroup.events, "frozen 1"); processes that bear the marker of a
 * lease of its and stand outside of them are looked at in /proc, and so are all where there is no cgroup.
 *
 * @param agentCgroup the cgroup into which the harness put the agent, or undefined
 */
export function witnessSandboxes(
  agentCgroup: string | undefined,
  whose: { readonly run: string; readonly agentId: string },
): Witness {
  const cgroups = agentCgroup === undefined ? [] : sandboxCgroups(agentCgroup);
  const jobs: Jobs = (pids) => jobProcesses(whose, pids);
  return cgroups.length > 0 ? cgroupWitness(cgroups, jobs) : procWitness(jobs);
}

/**
 * Looks again and again until all are stopped, without giving this process's event loop a turn. Between two looks it
 * sleeps for a moment: a process stops on a CPU, and a witness that kept one busy would delay what it measures
 * (measured on 2 CPUs with 9 busy processes: p50 5.8 ms when it spins, 0.25 ms when it naps).
 *
 * @returns when that was, by `performance.now()`; undefined when it did not come to be
 */
export function watchUntilStopped(witness: Witness, withinMs = freezeMsMax): number | undefined {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (witness.allStopped()) {
      // The figure is that of the first look at which all were stopped; the search for others, which takes longer than
      // the look, only confirms it.
      const stoppedAt = performance.now();
      if (witness.isComplete()) return stoppedAt;
    }
    if (performance.now() > deadline) return undefined;
    Atomics.wait(sleeper, 0, 0, lookEveryMs);
  }
}

/** CPU time so far of each process, in microseconds. */
export type CpuTimes = ReadonlyMap<number, number>;

export function cpuTimes(pids: readonly number[]): CpuTimes {
  return new Map(pids.map((pid) => [pid, cpuTimeNs(pid) / 1_000]));
}

/**
 * What ran between two looks at frozen processes: the CPU time used, process by process, and how many came, went or
 * ran. A frozen process does none of these.
 */
export function activity(before: CpuTimes, witness: Witness): { cpuUsedUs: number; running: number } {
  const after = cpuTimes(witness.processes());
  let cpuUsedUs = 0;
  let running = witness.running().length;
  for (const [pid, usedUs] of after) {
    const earlier = before.get(pid);
    if (earlier === undefined) running += 1;
    else cpuUsedUs += Math.max(0, usedUs - earlier);
  }
  for (const pid of before.keys()) if (!after.has(pid)) running += 1;
  return { cpuUsedUs, running };
}

/** The cgroups with processes of their own below an agent's; the agent itself stays in its own. */
function sandboxCgroups(agentCgroup: string): string[] {
  return childCgroups(agentCgroup)
    .flatMap((path) => [path, ...sandboxCgroups(path)])
    .filter((path) => cgroupPids(path).length > 0);
}

function cgroupWitness(paths: readonly string[], jobs: Jobs): Witness {
  const descriptors = paths.map((path) => openSync(join(path, "cgroup.events"), "r"));
  const buffer = Buffer.alloc(256);
  const frozenOrGone = (descriptor: number) => {
    try {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, 0);
      const text = buffer.toString("latin1", 0, bytes);
      return text.includes("frozen 1") || text.includes("populated 0");
    } catch {
      // ENODEV: the job ended and its cgroup was removed, so nothing of it runs.
      return true;
    }
  };
  const inside = () => new Set(paths.flatMap((path) => cgroupPids(path)));
  return {
    source: "cgroup",
    allStopped: () => descriptors.every(frozenOrGone),
    // A cgroup holds its forks.
    isComplete: () => true,
    processes: () => [...new Set([...inside(), ...jobs().map(({ pid }) => pid)])],
    running() {
      const held = inside();
      const outside = jobs().filter((process) => !held.has(process.pid) && !isStopped(process.pid));
      const unfrozen = descriptors.every(frozenOrGone) ? [] : [...held];
      return [...outside.map(({ pid }) => pid), ...unfrozen];
    },
    stopped: () => paths.flatMap((path, index) => (frozenOrGone(descriptors[index] as number) ? cgroupPids(path) : [])),
    close: () => descriptors.forEach((descriptor) => closeSync(descriptor)),
  };
}

/**
 * A look costs what it takes to read one process that still runs: the next one begins with it. A search of all that
 * this user can see takes some milliseconds, in which jobs that fork have children that it did not list; so whoever
 * came since the last list is looked for first, in what that takes.
 */
function procWitness(jobs: Jobs): Witness {
  const settled = new Set<number>();
  let known: ProcessStat[] = [];
  let stopped = 0;
  const allKnownStopped = (): boolean => {
    while (stopped < known.length && isStopped(known[stopped]?.pid ?? 0)) stopped += 1;
    return stopped === known.length;
  };
  const newcomers = (): ProcessStat[] => {
    const came = allPids().filter((pid) => !settled.has(pid));
    const found = jobs(came);
    // In the midst of an exec a process shows no environment, and is asked again.
    for (const pid of came) if (processEnvironment(pid)?.size !== 0) settled.add(pid);
    return found.filter(({ pid }) => !known.some((one) => one.pid === pid));
  };
  known = newcomers();
  return {
    source: "proc",
    allStopped() {
      while (allKnownStopped()) {
        const came = newcomers();
        if (came.length === 0) return true;
        known.push(...came);
      }
      return false;
    },
    isComplete() {
      const before = new Set(known.map(({ pid }) => pid));
      known = jobs();
      stopped = 0;
      // Whoever was not known has not been looked at: when it stopped is told by the next look only.
      return known.every(({ pid }) => before.has(pid)) && allKnownStopped();
    },
    processes: () => jobs().map(({ pid }) => pid),
    // Who has ended meanwhile does not stand still.
    stopped: () => known.filter(({ pid, startTime }) => standsStopped({ pid, startTime })).map(({ pid }) => pid),
    running: () =>
      jobs()
        .filter((process) => !isStopped(process.pid))
        .map(({ pid }) => pid),
    close: () => undefined,
  };
}

function standsStopped({ pid, startTime }: Pick<ProcessStat, "pid" | "startTime">): boolean {
  const stat = processStat(pid);
  return stat?.startTime === startTime && (stat.state === "T" || stat.state === "t");
}

/** Live processes of this run that bear the marker of a lease of that agent's; of all, or of those with these pids. */
function jobProcesses(
  { run, agentId }: { readonly run: string; readonly agentId: string },
  pids?: readonly number[],
): ProcessStat[] {
  return markedProcesses(runMarker, run, pids).filter(({ pid }) => {
    const environment = processEnvironment(pid);
    return environment?.has(jobEnvironment.leaseId) === true && environment.get(jobEnvironment.agentId) === agentId;
  });
}
