import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

import type { SandboxStatus } from "../../../protocol/control.ts";
import { jobEnvironment, runMarker } from "../../../protocol/job-environment.ts";
import { cpuTimeNs, isAlive, processEnvironment, markedProcesses, type ProcessStat, processStat } from "./proc.ts";
import { cgroupPids } from "./run-cgroup.ts";

/** How long a freeze is waited for before the witness says that it did not come, in milliseconds. */
const freezeMsMax = 5_000;
/** How long the witness sleeps between two looks, in milliseconds: the resolution of its figure. */
const lookEveryMs = 0.05;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What is needed to see from outside whether sandboxes run: taken before the trigger. */
export interface Witness {
  readonly source: "cgroup" | "proc";
  /** Whether every process of every sandbox is stopped at this moment. */
  allStopped(): boolean;
  processes(): number[];
  close(): void;
}

/**
 * A witness of the sandboxes' processes that does not ask the agent: it reads each sandbox's cgroup.events
 * (cgroup v2, "frozen 1"), or where there is no cgroup the state of every process that bears a lease's marker.
 */
export function witnessSandboxes(sandboxes: readonly SandboxStatus[], run: string): Witness {
  const cgroups = sandboxes.map((sandbox) => sandbox.cgroup).filter((path) => path !== null);
  return cgroups.length === sandboxes.length && cgroups.length > 0 ? cgroupWitness(cgroups) : procWitness(run);
}

/**
 * Looks again and again until all are stopped, without giving this process's event loop a turn. Between two looks it
 * sleeps for a moment: a process stops on a CPU, and a witness that kept one busy would delay what it measures (measured
 * on 2 CPUs with 9 busy processes: p50 5.8 ms when it spins, 0.25 ms when it naps).
 */
export function watchUntilStopped(witness: Witness): boolean {
  const deadline = performance.now() + freezeMsMax;
  while (!witness.allStopped()) {
    if (performance.now() > deadline) return false;
    Atomics.wait(sleeper, 0, 0, lookEveryMs);
  }
  return true;
}

/** CPU time of the processes in microseconds, and how many of them are on a CPU or want one. */
export function cpuUse(pids: readonly number[]): { usedUs: number; running: number } {
  const usedNs = pids.reduce((sum, pid) => sum + cpuTimeNs(pid), 0);
  return { usedUs: usedNs / 1_000, running: pids.filter((pid) => processStat(pid)?.state === "R").length };
}

function cgroupWitness(paths: readonly string[]): Witness {
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
  return {
    source: "cgroup",
    allStopped: () => descriptors.every(frozenOrGone),
    processes: () => paths.flatMap(cgroupPids),
    close: () => descriptors.forEach((descriptor) => closeSync(descriptor)),
  };
}

function procWitness(run: string): Witness {
  let known = jobProcesses(run);
  const stopped = (process: ProcessStat) => {
    const state = processStat(process.pid);
    return state?.state === "T" || !isAlive(process);
  };
  return {
    source: "proc",
    allStopped() {
      if (!known.every(stopped)) return false;
      // What was forked since the list was made counts too.
      known = jobProcesses(run);
      return known.every(stopped);
    },
    processes: () => jobProcesses(run).map((process) => process.pid),
    close: () => undefined,
  };
}

/** Live processes of this run that bear a lease's marker. */
function jobProcesses(run: string): ProcessStat[] {
  return markedProcesses(runMarker, run).filter(
    (process) => processEnvironment(process.pid)?.has(jobEnvironment.leaseId) === true,
  );
}
