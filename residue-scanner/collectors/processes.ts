import { statSync } from "node:fs";

import psList from "ps-list";

import type { ProcessFact, SurfaceReading } from "../core/fact.ts";
import {
  commandLineOf,
  firstPid,
  listPids,
  type ProcessStat,
  readProc,
  readProcessStat,
  readProcLink,
  unifiedCgroupOf,
} from "./proc.ts";

/** PF_KTHREAD of include/linux/sched.h. */
const kernelThreadFlag = 0x200000;
/** PF_EXITING of the same: its memory, and the environment with it, is gone or going. */
const exitingFlag = 0x4;
const markPrefix = "HOUSEGUEST_";

/** Every process that this user can see, by (pid, start time). */
export async function collectProcesses(): Promise<{ processes: ProcessFact[]; reading: SurfaceReading }> {
  const startedMs = performance.now();
  const processes = process.platform === "linux" ? readAll() : await processesFromPs();
  const detail =
    process.platform === "linux" ? hiddenFrom(processes) : "only what ps tells: no cgroup, session or environment";
  const status = detail === "" ? "done" : "partial";
  const durationMs = performance.now() - startedMs;
  return { processes, reading: { surface: "processes", status, detail, facts: processes.length, durationMs } };
}

/** The process itself and all those above it, nearest first. */
export function ancestry(pid: number, processes: readonly ProcessFact[]): ProcessFact[] {
  const byPid = new Map(processes.map((fact) => [fact.pid, fact]));
  const line: ProcessFact[] = [];
  for (let fact = byPid.get(pid); fact !== undefined && !line.includes(fact); fact = byPid.get(fact.parent))
    line.push(fact);
  return line;
}

export function readProcess(pid: number): ProcessFact | null {
  const stat = readProcessStat(pid);
  if (stat === null) return null;
  const directory = `/proc/${pid}`;
  const kernelThread = (stat.flags & kernelThreadFlag) !== 0;
  // Neither a thread of the kernel nor a process that has ended has an environment, an executable or a directory.
  const hasMemory = !kernelThread && stat.state !== "Z";
  const fact: ProcessFact = {
    pid,
    startTime: stat.startTime,
    name: stat.name,
    commandLine: !hasMemory ? "" : commandLineOf(readProc(`${directory}/cmdline`)),
    executable: !hasMemory ? null : readProcLink(`${directory}/exe`),
    workingDirectory: !hasMemory ? null : readProcLink(`${directory}/cwd`),
    uid: ownerOf(pid),
    parent: stat.parent,
    session: stat.session,
    cgroup: unifiedCgroupOf(readProc(`${directory}/cgroup`)),
    kernelThread,
    state: stat.state,
    marks: !hasMemory ? {} : marksIn(readProc(`${directory}/environ`)),
  };
  return concludeReading(fact, readProcessStat(pid));
}

/**
 * Reading takes several steps, and a process may end between them.
 *
 * @param now what its stat says after everything else was read
 * @returns null when it is gone
 */
export function concludeReading(fact: ProcessFact, now: ProcessStat | null): ProcessFact | null {
  // A pid that changed hands while it was read is somebody else's facts; the new process is read the next time.
  if (now?.startTime !== fact.startTime) return null;
  const hasEnded = now.state === "Z" || now.state === "X" || (now.flags & exitingFlag) !== 0;
  // An environment that ended does not count as one that another user hides.
  return hasEnded ? { ...fact, state: now.state, marks: fact.marks ?? {} } : fact;
}

function readAll(): ProcessFact[] {
  return listPids()
    .map(readProcess)
    .filter((fact) => fact !== null);
}

/** proc_pid_status(5): the real user id, first of four. */
function ownerOf(pid: number): number | null {
  const uid = /^Uid:\s*(\d+)/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1];
  if (uid !== undefined) return Number(uid);
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
}

/** Only the project's own variables are kept: an environment holds secrets. */
function marksIn(environment: string | null): Record<string, string> | null {
  if (environment === null) return null;
  const marks: Record<string, string> = {};
  for (const entry of environment.split("\0")) {
    const equals = entry.indexOf("=");
    if (equals > 0 && entry.startsWith(markPrefix)) marks[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return marks;
}

function hiddenFrom(processes: readonly ProcessFact[]): string {
  const parts: string[] = [];
  const closed = processes.filter(({ pid, marks }) => marks === null && pid !== firstPid).length;
  if (closed > 0) parts.push(`${closed} processes of other users do not show their environment, executable and files`);
  if (!processes.some(({ pid }) => pid === firstPid)) parts.push("/proc hides the processes of other users");
  return parts.join("; ");
}

/** What ps tells, on platforms without /proc: whoever carries the run's marker is not to be seen there. */
export async function processesFromPs(): Promise<ProcessFact[]> {
  const rows = await psList();
  return rows.map((row) => ({
    pid: row.pid,
    startTime: row.startTime === undefined ? "0" : String(row.startTime.getTime()),
    name: row.name,
    commandLine: commandLineOf(row.cmd ?? row.name),
    executable: row.path ?? null,
    workingDirectory: null,
    uid: row.uid ?? null,
    parent: row.ppid,
    session: 0,
    cgroup: null,
    kernelThread: false,
    state: "?",
    marks: null,
  }));
}
