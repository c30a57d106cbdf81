import { basename } from "node:path";

import { systemClock } from "../../foundation/clock.ts";
import { cgroupPids, childCgroups, findCgroupsNamed, isFrozen, setFrozen } from "./cgroup.ts";
import { parentCgroupName } from "./job-cgroups.ts";
import type { FreezeResult } from "./port.ts";
import { identify, readProcess } from "./proc-stat.ts";
import { processTable } from "./process-table.ts";
import { pause, stopProcesses } from "./stop-processes.ts";

export interface StrayFreeze extends FreezeResult {
  readonly sandboxes: number;
}

/** How long it is waited for the kernel to say that all in a cgroup stand still, in milliseconds. */
const freezeMsMax = 500;
const pauseMs = 1;

/**
 * Stops every job of an agent from outside of it: of one that was killed, or that does not answer. By its cgroups, and
 * whoever is in none by SIGSTOP. What is stopped so goes on only when its agent thaws or ends it.
 */
export function freezeStrays(agentId: string): StrayFreeze {
  const startedAt = systemClock.monotonicMs();
  const parents = findCgroupsNamed(parentCgroupName(agentId)).filter(freeze);
  const inside = (): Map<number, string> =>
    new Map(
      parents.flatMap(childCgroups).flatMap((child) => cgroupPids(child).map((pid) => [pid, basename(child)] as const)),
    );
  const table = processTable({ agentId });
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
  return {
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
