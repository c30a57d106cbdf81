import {
  commandLineOf,
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

/** Everybody who is there, with their parents. */
export function listProcesses(lineage: Lineage, nowNs: () => number): void {
  const parents = new Map<number, number>();
  for (const pid of listPids()) {
    // One that cannot be read was there all the same: a mount over its directory may hide it.
    lineage.wasThere(pid, readDetails(pid), nowNs());
    const parent = readProcessStat(pid)?.parent;
    if (parent !== undefined) parents.set(pid, parent);
  }
  for (const [pid, parent] of parents) lineage.wasChildOf(pid, parent);
  lineage.listedNs = nowNs();
}
