import { readlinkSync } from "node:fs";
import { basename, dirname, sep } from "node:path";

import { jobEnvironment } from "../../protocol/job-environment.ts";
import { type HostLedger, type HostResource, resourceKey } from "../host-resource.ts";
import { cgroupPids, childCgroups, findCgroupsNamed, removeCgroup, setFrozen } from "./cgroup.ts";
import type { EndPace } from "./end-pace.ts";
import { endProcesses, type Find } from "./end-processes.ts";
import { type JobCgroups, parentCgroupName } from "./job-cgroups.ts";
import type { TerminationResult } from "./port.ts";
import { readEnvironment, readProcess } from "./proc-stat.ts";
import type { Member, ProcessTable } from "./process-table.ts";
import { hurry } from "./yield-to-host.ts";

/**
 * Ends what an earlier instance of this agent left running, and takes the cgroups and ledger entries with it. Found by
 * the agent's cgroups wherever they are, by the ledger, and by the marker in the environment.
 */
export async function endStrayProcesses({
  agentId,
  ledger,
  table,
  cgroups,
  isLive,
  pace,
}: {
  readonly agentId: string;
  readonly ledger: HostLedger;
  readonly table: ProcessTable;
  readonly cgroups: JobCgroups | null;
  /** Whether a lease's sandbox belongs to this instance. */
  readonly isLive: (leaseId: string) => boolean;
  readonly pace: EndPace;
}): Promise<TerminationResult> {
  const strays = findCgroupsNamed(parentCgroupName(agentId))
    .flatMap((parent) => childCgroups(parent))
    .filter((path) => !(dirname(path) === cgroups?.path && isLive(basename(path))));
  adoptFromLedger({ agentId, ledger, table, isLive, sameBoot: strays.length > 0 });
  const find: Find = ({ onFound }) => {
    const inCgroups = cgroups?.pids() ?? new Map<number, string>();
    for (const path of strays) for (const pid of cgroupPids(path)) inCgroups.set(pid, basename(path));
    const ours = (member: Member): boolean => !isLive(member.leaseId);
    const look = { inCgroups, onFound: (member: Member) => void (ours(member) && onFound?.(member)) };
    return table.scan(look).filter(ours);
  };
  const thaw = (): void => {
    for (const path of strays) {
      if (dirname(path) === cgroups?.path) cgroups.thawOne(path);
      else {
        // The freeze of an earlier parent: nothing else is below it but strays.
        setFrozen(dirname(path), false);
        setFrozen(path, false);
      }
    }
  };
  // Whether their sessions yield is not known, but no session of a dying job needs to.
  const hurryAll = (): void => {
    const pids = find({ fresh: true }).map(({ pid }) => pid);
    hurry(pids, "ordinary");
  };
  const result = await endProcesses({ find, cgroups: strays, thaw, hurry: hurryAll }, pace);
  for (const resource of ledger.live()) {
    if (resource.kind === "processes" && !isLive(resource.leaseId)) table.forget(resource.leaseId);
  }
  if (result.left.length === 0) strikeOff({ agentId, ledger, strays, cgroups, isLive });
  return result;
}

/** The first processes that the ledger names, where it is certain that they are still the same. */
function adoptFromLedger({
  agentId,
  ledger,
  table,
  isLive,
  sameBoot,
}: {
  agentId: string;
  ledger: HostLedger;
  table: ProcessTable;
  isLive: (leaseId: string) => boolean;
  sameBoot: boolean;
}): void {
  const directories = ledger.live().flatMap((resource) => (resource.kind === "directory" ? [resource.path] : []));
  for (const resource of ledger.live()) {
    if (resource.kind !== "processes" || resource.pid === null || resource.startTime === null) continue;
    const { leaseId, pid, startTime } = resource;
    if (isLive(leaseId)) continue;
    const stat = readProcess(pid);
    if (stat?.startTime !== startTime || stat.session !== pid) continue;
    // After a reboot, another process may have come by the same pid at the same time since boot.
    const certain = sameBoot || hasMarker({ pid, agentId }) || touches({ pid, directories });
    if (certain) table.adopt({ leaseId, pid, startTime });
  }
  table.reconsider();
}

function hasMarker({ pid, agentId }: { pid: number; agentId: string }): boolean {
  return readEnvironment(pid)?.split("\0").includes(`${jobEnvironment.agentId}=${agentId}`) ?? false;
}

/** Whether its current directory, output or errors are in a directory of the agent. */
function touches({ pid, directories }: { pid: number; directories: readonly string[] }): boolean {
  for (const link of ["cwd", "fd/1", "fd/2"]) {
    let target: string;
    try {
      target = readlinkSync(`/proc/${pid}/${link}`);
    } catch {
      continue;
    }
    if (directories.some((directory) => target === directory || target.startsWith(directory + sep))) return true;
  }
  return false;
}

function strikeOff({
  agentId,
  ledger,
  strays,
  cgroups,
  isLive,
}: {
  agentId: string;
  ledger: HostLedger;
  strays: readonly string[];
  cgroups: JobCgroups | null;
  isLive: (leaseId: string) => boolean;
}): void {
  // Also one without a child: its agent was killed while it had no job, and perhaps in another cgroup than this one.
  const parents = new Set([...strays.map(dirname), ...findCgroupsNamed(parentCgroupName(agentId))]);
  const removed = strays.every(removeCgroup);
  for (const parent of parents) if (parent !== cgroups?.path) removeCgroup(parent);
  const there = new Set(findCgroupsNamed(parentCgroupName(agentId)).flatMap((path) => [path, ...childCgroups(path)]));
  const gone = (resource: HostResource): boolean => {
    if (resource.kind === "processes") return removed && !isLive(resource.leaseId);
    return resource.kind === "cgroup" && !there.has(resource.path);
  };
  for (const resource of ledger.live().filter(gone)) ledger.release(resourceKey(resource));
}
