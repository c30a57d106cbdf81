import { readdirSync, readFileSync } from "node:fs";

import { jobEnvironment, spawnEnvironment } from "../../../protocol/job-environment.ts";
import type { ProcessMark } from "../../core/executions/execution-record.ts";

/** What /proc says of one process (proc_pid_stat(5)). */
export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since the boot; with the pid it identifies the process, until the next boot. */
  readonly startTicks: number;
  /** T or t: it stands still. */
  readonly isStopped: boolean;
}

/** Every process that has not ended, lowest pid first; one that only waits to be reaped has. */
export function listProcesses(): HostProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const all = pids.flatMap((pid) => readProcess(Number(pid)) ?? []);
  return all.sort((a, b) => a.pid - b.pid);
}

/** Null when it is gone, or waits to be reaped. */
function readProcess(pid: number): HostProcess | null {
  const stat = statOf(pid);
  return stat === null || stat.hasEnded ? null : stat.process;
}

/** How a process is known again, also by a later broker; null when it is gone, but not while it waits to be reaped. */
export function markOf(pid: number): ProcessMark | null {
  const stat = statOf(pid);
  return stat === null ? null : { pid, startedAs: startedAs(stat.process) };
}

/** False for one that waits to be reaped. */
export function isThere(mark: ProcessMark): boolean {
  const process = readProcess(mark.pid);
  return process !== null && startedAs(process) === mark.startedAs;
}

function startedAs({ startTicks }: HostProcess): string {
  return `${bootId()} ${startTicks}`;
}

/** Everything from one reading: of two, the second may find another process under the same pid. Null when there is none. */
function statOf(pid: number): { readonly process: HostProcess; readonly hasEnded: boolean } | null {
  const line = readText(`/proc/${pid}/stat`);
  if (line === null) return null;
  // The name stands in parentheses and may itself hold spaces and parentheses: the last one closes it.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): string => fields[number - 3] ?? "";
  const [state, threads] = [field(3), Number(field(20))];
  const isStopped = state === "T" || state === "t";
  return {
    process: { pid, parent: Number(field(4)), session: Number(field(6)), startTicks: Number(field(22)), isStopped },
    hasEnded: state === "X" || (state === "Z" && threads <= 1),
  };
}

/** Which processes say in their environment that they descend from what this broker started; by execution. */
export function markedProcesses(brokerId: string): Map<string, HostProcess[]> {
  const marked = new Map<string, HostProcess[]>();
  for (const process of listProcesses()) {
    const environment = environmentOf(process.pid);
    if (environment?.get(spawnEnvironment.brokerId) !== brokerId) continue;
    const executionId = environment.get(spawnEnvironment.executionId);
    if (executionId === undefined) continue;
    const group = marked.get(executionId) ?? [];
    marked.set(executionId, [...group, process]);
  }
  return marked;
}

/**
 * An agent with all that it started: whoever says so in its environment, works below its home, is in its session, or
 * descends from one of these.
 */
export function familyOf({
  brokerId,
  executionId,
  home,
  root,
}: {
  readonly brokerId: string;
  readonly executionId: string;
  readonly home: string;
  /** Its first process, while that is there. */
  readonly root: ProcessMark | null;
}): HostProcess[] {
  const all = listProcesses();
  const rootPid = root !== null && isThere(root) ? root.pid : null;
  const family = new Map<number, HostProcess>();
  for (const one of all) {
    if (one.pid === process.pid) continue;
    // It leads a session of its own, whose number nobody else gets while one of its members lives.
    if (
      one.pid === rootPid ||
      (rootPid !== null && one.session === rootPid) ||
      saysSo(one.pid, { brokerId, executionId, home })
    ) {
      family.set(one.pid, one);
    }
  }
  // Pids may have wrapped around, so a child may stand before its parent.
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const one of all) if (family.has(one.parent) && one.pid !== process.pid) family.set(one.pid, one);
  }
  return [...family.values()];
}

function saysSo(
  pid: number,
  { brokerId, executionId, home }: { brokerId: string; executionId: string; home: string },
): boolean {
  const environment = environmentOf(pid);
  if (environment === null) return false;
  if (environment.get(jobEnvironment.workspace)?.startsWith(`${home}/`) === true) return true;
  const isOurs = environment.get(spawnEnvironment.brokerId) === brokerId;
  return isOurs && environment.get(spawnEnvironment.executionId) === executionId;
}

/** Null when it is gone, or not this user's to read. */
function environmentOf(pid: number): Map<string, string> | null {
  const text = readText(`/proc/${pid}/environ`);
  if (text === null || !text.includes("HOUSEGUEST_")) return null;
  return new Map(
    text.split("\0").map((variable): [string, string] => {
      const equals = variable.indexOf("=");
      return [variable.slice(0, equals), variable.slice(equals + 1)];
    }),
  );
}

let knownBootId: string | undefined;

/** What the kernel calls this boot (random(4)): start times count from it. */
function bootId(): string {
  knownBootId ??= readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "unknown";
  return knownBootId;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
