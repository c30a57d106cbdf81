import { readdirSync, readlinkSync } from "node:fs";

import { readQuickly, readRecord } from "./quick-read.ts";

/** Every pid that /proc shows, ascending. */
export function listPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((one, other) => one - other);
}

/**
 * Process 1 was there before every run and outlives it, so what it hides hides nothing of a run. It may hide its
 * environment and descriptors even from root: in virtual machines it often has a capability that nobody else has
 * (ptrace(2), "Ptrace access mode checking").
 */
export const firstPid = 1;

/** A file of /proc as bytes, one character each; null where it is gone, or not this user's to read. */
export function readProc(path: string): string | null {
  try {
    return readQuickly(path);
  } catch {
    return null;
  }
}

/** The same of one that is a single record: stat, status, oom_score_adj. */
export function readProcRecord(path: string): string | null {
  try {
    return readRecord(path);
  } catch {
    return null;
  }
}

export function readProcLink(path: string): string | null {
  try {
    return readlinkSync(path, "latin1");
  } catch {
    return null;
  }
}

/** A UUID that is another one after each start of the kernel (random(4)); null where there is none. */
export function readBootId(): string | null {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** tty_nr; 0 for none. */
  readonly terminal: number;
  readonly group: number;
  readonly flags: number;
  readonly nice: number;
  readonly startTime: string;
  /** 0 for none. */
  readonly realtimePriority: number;
  /** SCHED_* of sched.h. */
  readonly policy: number;
}

/**
 * proc_pid_stat(5). The name stands in parentheses and may hold any character, parentheses too.
 *
 * @param proc another mount of the same /proc
 */
export function readProcessStat(pid: number, proc = "/proc"): ProcessStat | null {
  const text = readProcRecord(`${proc}/${pid}/stat`);
  if (text === null || text === "") return null;
  const nameEnd = text.lastIndexOf(")");
  // Numbered from 3 there.
  const fields = text.slice(nameEnd + 2).split(" ");
  return {
    pid: Number.parseInt(text, 10),
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    state: fields[0] ?? "?",
    parent: Number(fields[1]),
    session: Number(fields[3]),
    terminal: Number(fields[4]),
    group: Number(fields[2]),
    flags: Number(fields[6]),
    nice: Number(fields[16]),
    startTime: fields[19] ?? "0",
    realtimePriority: Number(fields[37]),
    policy: Number(fields[38]),
  };
}

/** Also one that only waits for its parent to take notice: it holds nothing and is in no namespace any more. */
export function hasEnded(pid: number): boolean {
  const state = readProcessStat(pid)?.state ?? "Z";
  return state === "Z" || state === "X";
}

const commandLineCharactersMax = 1000;

/** proc_pid_cmdline(5): its words end with a zero each. */
export function commandLineOf(text: string | null): string {
  return (text ?? "").replace(/\0+$/, "").replaceAll("\0", " ").slice(0, commandLineCharactersMax);
}

/** cgroups(7): the line of hierarchy 0 is version 2's. */
export function unifiedCgroupOf(text: string | null): string | null {
  return /^0::(.*)$/m.exec(text ?? "")?.[1] ?? null;
}
