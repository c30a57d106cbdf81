import psList from "ps-list";

import type { ProcessFact, SurfaceReading } from "../core/fact.ts";
import { unifiedRoot } from "./cgroups.ts";
import { firstPid, listPids } from "./proc.ts";
import { coveredPids, isThere, unshownPids, withBareProc } from "./processes/hidden.ts";
import { type ReadOptions, readProcess } from "./processes/read-process.ts";
import { SlowReader } from "./processes/slow-reader.ts";

export { readProcess } from "./processes/read-process.ts";

const commandLineCharactersMax = 1000;

/** Every process that this user can see, by (pid, start time). */
export async function collectProcesses(): Promise<{ processes: ProcessFact[]; reading: SurfaceReading }> {
  const startedMs = performance.now();
  const { processes, unseen } =
    process.platform === "linux"
      ? readAll()
      : { processes: await processesFromPs(), unseen: ["only what ps tells: no cgroup, session or environment"] };
  const status = unseen.length === 0 ? "done" : "partial";
  const durationMs = performance.now() - startedMs;
  const detail = unseen.join("; ");
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

function readAll(): { processes: ProcessFact[]; unseen: string[] } {
  const slow = new SlowReader();
  const options: ReadOptions = { readSlowly: (path) => slow.read(path) };
  const mounted = coveredPids();
  const pids = listPids();
  const processes: ProcessFact[] = [];
  const covered = [...mounted];
  for (const pid of pids) {
    if (mounted.has(pid)) continue;
    const fact = readProcess(pid, options);
    if (fact !== null) processes.push(fact);
    // What /proc shows in its place is not it.
    else if (isThere(pid)) covered.push(pid);
  }
  const hidden = readCovered(covered, { mounted, options });
  processes.push(...hidden.processes);
  processes.sort((one, other) => one.pid - other.pid);
  const unshown = unshownPids(unifiedRoot(), () => new Set([...pids, ...listPids()]));
  return { processes, unseen: [...unseenOf(processes, slow), ...hiddenText([...hidden.unread, ...unshown])] };
}

/** What something is mounted over, by a way round it. */
function readCovered(
  pids: readonly number[],
  { mounted, options }: { mounted: ReadonlySet<number>; options: ReadOptions },
): { processes: ProcessFact[]; unread: number[] } {
  if (pids.length === 0) return { processes: [], unread: [] };
  return withBareProc((proc) => {
    const found = pids.map((pid) => ({ pid, fact: readRoundabout(pid, { mounted, proc, options }) }));
    return {
      processes: found.flatMap(({ fact }) => fact ?? []),
      unread: found.filter(({ pid, fact }) => fact === null && isThere(pid)).map(({ pid }) => pid),
    };
  });
}

function readRoundabout(
  pid: number,
  { mounted, proc, options }: { mounted: ReadonlySet<number>; proc: string | null; options: ReadOptions },
): ProcessFact | null {
  if (proc !== null) return readProcess(pid, { ...options, proc });
  // One whose pid changed hands while it was read is shown by now.
  return mounted.has(pid) ? null : readProcess(pid, options);
}

function hiddenText(pids: readonly number[]): string[] {
  if (pids.length === 0) return [];
  return [`${pids.length} processes run that /proc does not show, ${pids[0]} for one`];
}

function unseenOf(processes: readonly ProcessFact[], slow: SlowReader): string[] {
  const parts: string[] = [];
  if (slow.stuck > 0) parts.push(`${slow.stuck} files of processes that wait for a device did not answer`);
  const isStuck = ({ state }: ProcessFact) => state === "D" && slow.stuck > 0;
  const closed = processes.filter((fact) => fact.marks === null && fact.pid !== firstPid && !isStuck(fact)).length;
  if (closed > 0) parts.push(`${closed} processes of other users do not show their environment, executable and files`);
  if (!processes.some(({ pid }) => pid === firstPid)) parts.push("/proc hides the processes of other users");
  return parts;
}

/** What ps tells, on platforms without /proc: whoever carries the run's marker is not to be seen there. */
export async function processesFromPs(): Promise<ProcessFact[]> {
  const rows = await psList();
  return rows.map((row) => ({
    pid: row.pid,
    startTime: row.startTime === undefined ? "0" : String(row.startTime.getTime()),
    name: row.name,
    commandLine: (row.cmd ?? row.name).slice(0, commandLineCharactersMax),
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
