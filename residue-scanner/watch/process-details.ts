import {
  commandLineOf,
  firstPid,
  listPids,
  readProc,
  readProcessStat,
  readProcLink,
  unifiedCgroupOf,
} from "../collectors/proc.ts";
import type { Lineage } from "../core/lineage.ts";
import type { ProcessDetails } from "../core/lineage-member.ts";

/** What a person knows a process by; null for one that is gone. Four reads, some 50 µs. */
export function readDetails(pid: number): ProcessDetails | null {
  const stat = readProcessStat(pid);
  if (stat === null) return null;
  const directory = `/proc/${pid}`;
  const commandLine = readProc(`${directory}/cmdline`);
  return {
    startTime: stat.startTime,
    executable: readProcLink(`${directory}/exe`),
    // Empty for one that has ended and waits for its parent: what it ran can no longer be read.
    commandLine: commandLine === null || commandLine === "" ? null : commandLineOf(commandLine),
    cgroup: unifiedCgroupOf(readProc(`${directory}/cgroup`)),
  };
}

/** Everybody who is there and whom /proc shows, with their parents. */
export function listProcesses(lineage: Lineage, nowNs: () => number): void {
  const parents = new Map<number, number>();
  const pids = listPids();
  for (const pid of pids) {
    // One that cannot be read was there all the same: a mount over its directory may hide it.
    lineage.wasThere(pid, readDetails(pid), nowNs());
    const parent = readProcessStat(pid)?.parent;
    if (parent !== undefined) parents.set(pid, parent);
  }
  for (const [pid, parent] of parents) lineage.wasChildOf(pid, parent);
  // With `hidepid=2` (proc(5)) others' processes are not shown, so that whoever is heard of later may have been there.
  if (pids.includes(firstPid)) lineage.listedNs = nowNs();
}
