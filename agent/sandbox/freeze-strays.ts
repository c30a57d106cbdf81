import { basename } from "node:path";

import { systemClock } from "../../foundation/clock.ts";
import { cgroupPids, childCgroups, findCgroupsNamed, isFrozen, setFrozen } from "./cgroup.ts";
import { parentCgroupName } from "./job-cgroups.ts";
import { orphansOf } from "./orphans.ts";
import type { FreezeResult, ProcessIdentity } from "./port.ts";
import { identify, readProcess } from "./proc-stat.ts";
import { processTable, unclearLease } from "./process-table.ts";
import { pause, stopProcesses } from "./stop-processes.ts";

export interface StrayFreeze extends FreezeResult {
  readonly sandboxes: number;
  /** Those of which nothing tells whose they are but that their agent adopted them: no more, once that has ended. */
  readonly adopted: readonly ProcessIdentity[];
}

/** How long it is waited for the kernel to say that all in a cgroup stand still, in milliseconds. */
const freezeMsMax = 500;
const pauseMs = 1;

/**
 * Stops every job of an agent from outside of it: of one that was killed, or that does not answer. By its cgroups, and
 * whoever is in none by SIGSTOP. What is stopped so goes on only when its agent thaws or ends it.
 *
 * @param pid the agent's process, if it is there
 */
export function freezeStrays(agentId: string, pid: number | null): StrayFreeze {
  const startedAt = systemClock.monotonicMs();
  const parents = findCgroupsNamed(parentCgroupName(agentId)).filter(freeze);
  const inside = (): Map<number, string> =>
    new Map(
      parents.flatMap(childCgroups).flatMap((child) => cgroupPids(child).map((pid) => [pid, basename(child)] as const)),
    );
  const table = processTable({ agentId, orphans: pid === null ? null : orphansOf(pid), isOutside: true });
  const outside = stopProcesses({
    find: (onFound) => {
      const inCgroups = inside();
      const isOutside = ({ pid }: { pid: number }): boolean => !inCgroups.has(pid);
      return table
        .scan({ inCgroups, onFound: (member) => void (isOutside(member) && onFound(member)) })
        .filter(isOutside);
    },
    cleanRounds: 2,
  });
  while (!parents.every(isFrozen) && systemClock.monotonicMs() - startedAt < freezeMsMax) pause(pauseMs);
  const members = inside();
  const unfrozen = parents.every(isFrozen) ? [] : [...members.keys()].map(readProcess).filter((stat) => stat !== null);
  const leases = new Set([...members.values(), ...outside.stopped.map(({ leaseId }) => leaseId)]);
  const adopted = outside.stopped.filter(({ leaseId }) => leaseId === unclearLease);
  leases.delete(unclearLease);
  return {
    adopted: adopted.map(identify),
    freezeMs: systemClock.monotonicMs() - startedAt,
    processes: members.size + outside.processes,
    sandboxes: leases.size,
    running: [...outside.running, ...unfrozen.filter(({ state }) => state === "R" || state === "D")].map(identify),
  };
}

/** False where this user may not, or it is gone: then SIGSTOP does it. */
function freeze(cgroup: string): boolean {
  try {
    setFrozen(cgroup, true);
    return true;
  } catch {
    return false;
  }
}
