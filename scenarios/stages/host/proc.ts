import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

import { systemCode } from "../../../foundation/errors.ts";

/** What /proc/PID/stat says of one process (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  /** Field 3: R, S, D, T, t, Z, X. */
  readonly state: string;
  readonly parentPid: number;
  readonly sessionId: number;
  /** Field 22, as text; with the pid it identifies the process. */
  readonly startTime: string;
  readonly command: string;
}

/** Reads one process; undefined when there is none (any more). */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command may hold blanks and parentheses itself: the fields begin after the last closing one.
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  const [state, parent, , session] = fields;
  const startTime = fields[19];
  if (open < 0 || state === undefined || startTime === undefined) return undefined;
  return {
    pid,
    state,
    parentPid: Number(parent),
    sessionId: Number(session),
    startTime,
    command: text.slice(open + 1, close),
  };
}

/**
 * Whether no thread of a process runs on: each is stopped, or sleeps in the kernel (D, as in vfork(2)) with the stop
 * already waiting for its return. A process that is gone does not run.
 */
export function isStopped(pid: number): boolean {
  // What it costs to look again and again at one that runs keeps that one from stopping.
  const { state } = processStat(pid) ?? {};
  if (state === "R" || state === "S") return false;
  const states = readDirectory(`/proc/${pid}/task`).flatMap((thread) => processStat(Number(thread))?.state ?? []);
  const rest = states.filter((state) => !["T", "t", "Z", "X"].includes(state));
  if (rest.length === 0) return true;
  const stopWaits = rest.length < states.length || isStopPending(pid);
  return stopWaits && rest.every((state) => state === "D");
}

/** SigPnd and ShdPnd of proc_pid_status(5): bit n - 1 is signal n. */
function isStopPending(pid: number): boolean {
  const masks = readProc(`/proc/${pid}/status`)?.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm) ?? [];
  return [...masks].some(([, mask = "0"]) => (BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGSTOP - 1)) & 1n);
}

/** Time on the CPU in nanoseconds from /proc/PID/schedstat, which is finer than the ticks of stat; 0 when it is gone. */
export function cpuTimeNs(pid: number): number {
  let total = 0;
  for (const thread of readDirectory(`/proc/${pid}/task`)) {
    total += Number(readProc(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0);
  }
  return total;
}

/** Whether that very process, not a later one with its pid, is alive; a zombie is not. */
export function isAlive(identity: { readonly pid: number; readonly startTime: string }): boolean {
  const stat = processStat(identity.pid);
  return stat !== undefined && stat.startTime === identity.startTime && stat.state !== "Z" && stat.state !== "X";
}

/** The environment with which a process was started, or undefined where it may not be read. */
export function processEnvironment(pid: number): ReadonlyMap<string, string> | undefined {
  const text = readProc(`/proc/${pid}/environ`);
  if (text === undefined) return undefined;
  const pairs = text.split("\0").filter((pair) => pair.includes("="));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

/** All pids, in ascending order. */
export function allPids(): number[] {
  return readDirectory("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Live processes, of all or of these, in whose environment the variable has that value; with `value` undefined, any. */
export function markedProcesses(variable: string, value?: string, pids: readonly number[] = allPids()): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const pid of pids) {
    if (pid === process.pid) continue;
    const mark = processEnvironment(pid)?.get(variable);
    if (mark === undefined || (value !== undefined && mark !== value)) continue;
    const stat = processStat(pid);
    if (stat !== undefined && stat.state !== "Z" && stat.state !== "X") found.push(stat);
  }
  return found;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    // A process ends while it is being read, or belongs to somebody else.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

function readDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
}
