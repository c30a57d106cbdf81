import { statSync } from "node:fs";

import type { ProcessFact } from "../../core/fact.ts";
import { inDirectory } from "../directory-access.ts";
import { kernelCalls } from "../kernel-calls.ts";
import {
  commandLineOf,
  type ProcessStat,
  readProc,
  readProcessStat,
  readProcLink,
  readProcRecord,
  unifiedCgroupOf,
} from "../proc.ts";

import { threadSettingsOf } from "./thread-settings.ts";

/** PF_KTHREAD of include/linux/sched.h. */
const kernelThreadFlag = 0x200000;
/** PF_EXITING of the same: its memory, and the environment with it, is gone or going. */
const exitingFlag = 0x4;
const markPrefix = "HOUSEGUEST_";

/** linux/sched.h; a process whose children start afresh has one bit more. */
const policies = ["other", "fifo", "round robin", "batch", "iso", "idle", "deadline", "ext"];
const resetOnFork = 0x4000_0000;

/** namespaces(7), without the two that only say where children go. */
const namespaceKinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

export interface ReadOptions {
  /** A mount of /proc: another one than the usual shows what lies below mounts over that. */
  readonly proc?: string;
  /** Reads a file of a process that may keep whoever reads it; null where it did. */
  readonly readSlowly?: (path: string) => string | null;
}

/** @returns null when there is no such process, or /proc shows another one in its place */
export function readProcess(
  pid: number,
  { proc = "/proc", readSlowly = readProc }: ReadOptions = {},
): ProcessFact | null {
  const stat = readProcessStat(pid, proc);
  if (stat === null || stat.pid !== pid) return null;
  if ((stat.flags & kernelThreadFlag) !== 0) return kernelThread(stat, proc);
  const directory = `${proc}/${pid}`;
  // A process that has ended has no environment, executable or directory any more.
  const hasMemory = stat.state !== "Z";
  // What waits for a disk or a file server may hold the lock of its memory, and whoever reads that waits with it.
  const readMemory = stat.state === "D" ? readSlowly : readProc;
  const status = readProcRecord(`${directory}/status`) ?? "";
  const cgroups = readProcRecord(`${directory}/cgroup`);
  const fact: ProcessFact = {
    ...basis(stat),
    commandLine: hasMemory ? commandLineOf(readMemory(`${directory}/cmdline`)) : "",
    executable: hasMemory ? readProcLink(`${directory}/exe`) : null,
    workingDirectory: hasMemory ? readProcLink(`${directory}/cwd`) : null,
    uid: ownerOf(status, directory),
    cgroup: unifiedCgroupOf(cgroups),
    kernelThread: false,
    marks: hasMemory ? marksIn(readMemory(`${directory}/environ`)) : {},
    ioPriority: ioPriorityOf(pid),
    affinity: fieldOf(status, "Cpus_allowed_list"),
    oomScoreAdjust: hasMemory ? numberIn(readProcRecord(`${directory}/oom_score_adj`)) : null,
    limits: hasMemory ? limitsIn(readProcRecord(`${directory}/limits`)) : null,
    namespaces: hasMemory ? namespacesOf(directory) : null,
    olderCgroups: olderCgroupsIn(cgroups),
    timerSlackNs: hasMemory ? numberIn(readProcRecord(`${directory}/timerslack_ns`)) : null,
    coreDumpFilter: hasMemory ? (readProcRecord(`${directory}/coredump_filter`)?.trim() ?? null) : null,
    threads: hasMemory ? threadSettingsOf(pid, proc) : null,
    autogroupNice: hasMemory ? autogroupNiceIn(readProcRecord(`${directory}/autogroup`)) : null,
  };
  return concludeReading(fact, readProcessStat(pid, proc));
}

/** It has no memory, and its user is the kernel's own. */
function kernelThread(stat: ProcessStat, proc: string): ProcessFact {
  return {
    ...basis(stat),
    ...{ commandLine: "", executable: null, workingDirectory: null, uid: 0, kernelThread: true, marks: {} },
    cgroup: unifiedCgroupOf(readProcRecord(`${proc}/${stat.pid}/cgroup`)),
  };
}

function basis(stat: ProcessStat) {
  const { pid, startTime, name, parent, session, group, terminal, state, nice, policy, realtimePriority } = stat;
  const kind = policy & ~resetOnFork;
  const scheduling = `${policies[kind] ?? `policy ${kind}`}${(policy & resetOnFork) === 0 ? "" : ", reset on fork"}`;
  const priority = realtimePriority === 0 ? "" : ` at priority ${realtimePriority}`;
  return {
    pid,
    startTime,
    name,
    parent,
    session,
    group,
    terminal,
    state,
    nice,
    scheduling: `${scheduling}${priority}`,
  };
}

/** linux/ioprio.h: IOPRIO_WHO_PROCESS, and the class above a level of 0 to 7. */
const ofProcess = 1;
const classShift = 13;
const levelBits = 0x7;
const ioClasses = ["none", "realtime", "best-effort", "idle"];

/** ioprio_get(2); null where this platform cannot ask, or the process is gone. */
function ioPriorityOf(pid: number): string | null {
  const value = kernelCalls()?.ioprioGet(ofProcess, pid) ?? -1;
  if (value < 0) return null;
  const kind = ioClasses[value >> classShift] ?? `class ${value >> classShift}`;
  return kind === "realtime" || kind === "best-effort" ? `${kind} ${value & levelBits}` : kind;
}

/**
 * Reading takes several steps, and a process may end between them.
 *
 * @param now what its stat says after everything else was read
 * @returns null when it is gone
 */
export function concludeReading(
  fact: ProcessFact,
  now: Pick<ProcessStat, "startTime" | "state" | "flags"> | null,
): ProcessFact | null {
  // A pid that changed hands while it was read is somebody else's facts; the new process is read the next time.
  if (now?.startTime !== fact.startTime) return null;
  const hasEnded = now.state === "Z" || now.state === "X" || (now.flags & exitingFlag) !== 0;
  // An environment that ended does not count as one that another user hides.
  return hasEnded ? { ...fact, state: now.state, marks: fact.marks ?? {} } : fact;
}

/** proc_pid_status(5): the real user id, first of four. */
function ownerOf(status: string, directory: string): number | null {
  const uid = /^\d+/.exec(fieldOf(status, "Uid") ?? "")?.[0];
  if (uid !== undefined) return Number(uid);
  try {
    return statSync(directory).uid;
  } catch {
    return null;
  }
}

function fieldOf(status: string, name: string): string | null {
  const from = status.indexOf(`\n${name}:\t`);
  if (from < 0) return null;
  const start = from + name.length + 3;
  return status.slice(start, status.indexOf("\n", start));
}

function numberIn(text: string | null): number | null {
  return text === null ? null : Number(text);
}

/** cgroups(7): the lines of the hierarchies of version 1 have numbers from 1. */
function olderCgroupsIn(text: string | null): readonly string[] | null {
  return text?.split("\n").flatMap((line) => /^[1-9]\d*:([^:]+:.*)$/.exec(line)?.[1] ?? []) ?? null;
}

/** `/autogroup-97 nice 5`; null where the kernel has none. */
function autogroupNiceIn(text: string | null): number | null {
  const nice = / nice (-?\d+)/.exec(text ?? "")?.[1];
  return nice === undefined ? null : Number(nice);
}

/** proc_pid_limits(5): name, soft and hard limit and unit, in columns of fixed width. */
function limitsIn(text: string | null): readonly string[] | null {
  if (text === null) return null;
  const lines = text.split("\n").slice(1, -1);
  return lines.map((line) => {
    const name = line.slice(0, 25).trimEnd().replace(/^Max /, "");
    return `${name} ${line.slice(26, 46).trimEnd()}/${line.slice(47, 67).trimEnd()}`;
  });
}

/** Null where this user may not see them, or the process has ended. */
export function namespacesOf(directory: string): readonly string[] | null {
  const links = inDirectory(`${directory}/ns`, (access) => namespaceKinds.map((kind) => access.link(kind)));
  const found = links.flatMap((link) => ("text" in link ? [link.text] : []));
  return links[0] !== undefined && "text" in links[0] ? found : null;
}

/** Only the project's own variables are kept: an environment holds secrets. */
function marksIn(environment: string | null): Record<string, string> | null {
  if (environment === null) return null;
  const marks: Record<string, string> = {};
  if (!environment.includes(markPrefix)) return marks;
  for (const entry of environment.split("\0")) {
    const equals = entry.indexOf("=");
    if (equals > 0 && entry.startsWith(markPrefix)) marks[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return marks;
}
