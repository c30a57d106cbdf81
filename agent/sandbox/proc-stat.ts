import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { constants } from "node:os";

import type { ProcessIdentity } from "./port.ts";

/** What /proc/PID/stat says of one process (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  /** Field 22, as text; with the pid it identifies the process. */
  readonly startTime: string;
  readonly name: string;
  /** One letter: R, S, D, T (stopped), t (stopped by a tracer), Z, X, I. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly threads: number;
  readonly kernelThread: boolean;
  /** User and system time in clock ticks. */
  readonly cpuTicks: number;
  /** The same of its children that have ended and that it waited for, theirs among it. */
  readonly reapedTicks: number;
}

/** The start time is the last field that is read. */
const lastField = 22;
const PF_KTHREAD = 0x00200000;
/** The longest line of /proc/PID/stat: 52 numbers and a name of 64 bytes at most. */
const statBytesMax = 2_048;
const commandCharactersMax = 200;
const buffer = Buffer.alloc(statBytesMax);

/** The pids of all processes that this user can see, in the kernel's order. */
export function listPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const first = name.charCodeAt(0);
    if (first >= 48 && first <= 57) pids.push(Number(name));
  }
  return pids;
}

/** Reads one process; null when it is gone. Synchronous, because a freeze must not be interleaved with anything. */
export function readProcess(pid: number | "self"): ProcessStat | null {
  const line = readSmall(`/proc/${pid}/stat`);
  return line === null ? null : parseStat(line);
}

/** Whether anything of it can still run. A zombie leader whose other threads live counts as alive. */
export function isAlive(stat: ProcessStat): boolean {
  return (stat.state !== "Z" && stat.state !== "X") || stat.threads > 1;
}

/**
 * Whether no thread of it runs another instruction of its own: the letter of /proc/PID/stat is the first thread's
 * alone.
 *
 * A thread in an uninterruptible sleep (D) counts once the stop is under way: it stops before it returns from the
 * kernel. That is no corner case. Who is in vfork(2) sleeps so until its child calls exec, and a child that was stopped
 * before it could holds it there until the thaw.
 */
export function isStopped(stat: ProcessStat): boolean {
  // The others need not be read, of which there are a dozen in some: it is a pause that waits for this.
  if (!isStillState(stat.state)) return false;
  const states = stat.threads <= 1 ? [stat.state] : threadStates(stat.pid);
  const rest = states.filter((state) => !isStoppedState(state) && state !== "Z" && state !== "X");
  if (rest.length === 0) return true;
  return rest.every((state) => state === "D") && (rest.length < states.length || isStopPending(stat.pid));
}

function threadStates(pid: number): string[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It ended meanwhile, and what has ended does not run.
    return [];
  }
  return threads.flatMap((thread) => {
    const line = readSmall(`/proc/${pid}/task/${thread}/stat`);
    return line === null ? [] : [parseStat(line).state];
  });
}

/** Whether SIGSTOP waits to be taken (proc_pid_status(5): SigPnd, ShdPnd; bit n - 1 is signal n). */
export function isStopPending(pid: number): boolean {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    // It has ended, and what has ended does not run.
    return true;
  }
  const masks = status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm);
  return [...masks].some(([, mask = "0"]) => (BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGSTOP - 1)) & 1n);
}

/** Still the same process, not another one that was given its pid. */
export function isSame(identity: Pick<ProcessIdentity, "pid" | "startTime">): boolean {
  return readProcess(identity.pid)?.startTime === identity.startTime;
}

/** The identity as a person reads it: with the command line, or the kernel's short name where there is none. */
export function identify(stat: ProcessStat): ProcessIdentity {
  let command = "";
  try {
    command = readFileSync(`/proc/${stat.pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    // Gone or not ours to read: the short name is left.
  }
  return {
    pid: stat.pid,
    startTime: stat.startTime,
    command: (command === "" ? stat.name : command).slice(0, commandCharactersMax),
  };
}

/** The variables that a process was started with; null when it is gone, or not this user's to read. */
export function readEnvironment(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return null;
  }
}

/** Whether a thread in that state may be one that does not run on. */
function isStillState(state: string): boolean {
  return isStoppedState(state) || state === "D" || state === "Z" || state === "X";
}

export function isStoppedState(state: string): boolean {
  return state === "T" || state === "t";
}

function parseStat(line: string): ProcessStat {
  // The name stands in parentheses and may itself hold spaces and parentheses: the last one closes it.
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  const fields = line.slice(close + 2).split(" ", lastField - 2);
  const field = (number: number): string => fields[number - 3] ?? "";
  return {
    pid: Number(line.slice(0, open)),
    startTime: field(22),
    name: line.slice(open + 1, close),
    state: field(3),
    parent: Number(field(4)),
    group: Number(field(5)),
    session: Number(field(6)),
    threads: Number(field(20)),
    kernelThread: (Number(field(9)) & PF_KTHREAD) !== 0,
    cpuTicks: Number(field(14)) + Number(field(15)),
    reapedTicks: Number(field(16)) + Number(field(17)),
  };
}

function readSmall(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    return buffer.toString("latin1", 0, readSync(file, buffer, 0, statBytesMax, 0));
  } catch {
    // ESRCH: it ended between the opening and the reading.
    return null;
  } finally {
    closeSync(file);
  }
}
