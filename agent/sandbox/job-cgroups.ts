import { mkdirSync, rmdirSync } from "node:fs";
import { totalmem } from "node:os";
import { basename, join } from "node:path";

import { assert } from "../../foundation/assert.ts";
import { systemClock } from "../../foundation/clock.ts";
import { type HostLedger, resourceKey } from "../host-resource.ts";
import {
  cgroupCpuMs,
  cgroupPids,
  childCgroups,
  isFreezeAsked,
  isFrozen,
  makeCgroup,
  mayDelegate,
  ownCgroup,
  removeCgroup,
  setFrozen,
} from "./cgroup.ts";
import { type Controller, defaultJobLimits, enableControllers, type JobLimits, limitCgroup } from "./job-limits.ts";
import { pause } from "./stop-processes.ts";

/** The cgroups of one agent: a parent that is frozen as a whole, with a child per lease. */
export interface JobCgroups {
  readonly path: string;
  /** Which limits the kernel holds a lease's cgroup to. */
  readonly controllers: ReadonlySet<Controller>;
  /** Makes a lease's cgroup with its limits, journalled first. */
  make(leaseId: string): string;
  /** Removes a lease's cgroup and strikes it off; false when a process is still in it. */
  remove(leaseId: string): boolean;
  /** CPU time that was used below so far, in milliseconds; null when somebody removed it. */
  cpuMs(): number | null;
  /** Which lease's cgroup each process below is in. */
  pids(): Map<number, string>;
  /**
   * Stops everything below; false when it was not seen stopped within `freezeMsMax`.
   *
   * @param onAsked called once nothing below can run on, and before it is waited for
   */
  freeze(onAsked: () => void): boolean;
  thaw(): void;
  /** Thaws one cgroup; what else is frozen stays so. */
  thawOne(path: string): void;
  /** Removes the parent; false when something is still below it. */
  close(): boolean;
}

/** How long a freeze waits to see its effect. It takes effect later too: this bounds only the waiting. */
const freezeMsMax = 500;
/** How often cgroup.events is read at once before the agent lets others have its CPU: they need one to stop on. */
const eagerReadsMax = 20;
const pauseMs = 0.2;

/** What every agent's parent cgroup is called; residue and strays are recognised by it. */
export function parentCgroupName(agentId: string): string {
  return `houseguest-${agentId.slice(0, 12)}`;
}

/**
 * Takes a parent cgroup for this agent's jobs, below the agent's own, and holds it until `close`.
 *
 * @param root where to make it, for tests; null for no cgroups at all
 * @returns null where this user or this kernel cannot do it; nothing is left then
 */
export function jobCgroups({
  agentId,
  ledger,
  root = ownCgroup(),
  limits = defaultJobLimits,
}: {
  readonly agentId: string;
  readonly ledger: HostLedger;
  readonly root?: string | null | undefined;
  readonly limits?: JobLimits | undefined;
}): JobCgroups | null {
  if (root === null || !mayDelegate(root)) return null;
  const path = join(root, parentCgroupName(agentId));
  const parent = { kind: "cgroup", path } as const;
  const wasLive = ledger.live().some((resource) => resourceKey(resource) === resourceKey(parent));
  if (!wasLive) ledger.acquire(parent);
  let taken: { made: boolean; able: boolean };
  try {
    taken = makeCgroup(path);
    probe(path);
  } catch {
    taken = { made: true, able: false };
  }
  if (!taken.able) {
    if (taken.made) removeCgroup(path);
    if (!wasLive) ledger.release(resourceKey(parent));
    return null;
  }
  // Left frozen by an agent that was killed while paused: its jobs stay frozen, new ones must not be.
  if (!taken.made && isFreezeAsked(path)) freezeChildrenInstead(path);
  return cgroupsBelow({ path, ledger, limits });
}

function cgroupsBelow({ path, ledger, limits }: { path: string; ledger: HostLedger; limits: JobLimits }): JobCgroups {
  const enabled = enableControllers(path);
  const childOf = (leaseId: string): string => join(path, leaseId);
  return {
    path,
    controllers: enabled,
    make(leaseId) {
      const child = childOf(leaseId);
      ledger.acquire({ kind: "cgroup", path: child });
      mkdirSync(child);
      limitCgroup({ cgroup: child, enabled, limits, hostMemoryBytes: totalmem() });
      return child;
    },
    remove(leaseId) {
      const child = childOf(leaseId);
      if (!removeCgroup(child)) return false;
      ledger.release(resourceKey({ kind: "cgroup", path: child }));
      return true;
    },
    cpuMs: () => cgroupCpuMs(path),
    pids() {
      const pids = new Map<number, string>();
      for (const child of childCgroups(path)) for (const pid of cgroupPids(child)) pids.set(pid, basename(child));
      return pids;
    },
    freeze(onAsked) {
      setFrozen(path, true);
      onAsked();
      return waitUntilFrozen(path);
    },
    thaw() {
      for (const child of childCgroups(path)) setFrozen(child, false);
      setFrozen(path, false);
    },
    thawOne(one) {
      if (isFreezeAsked(path)) freezeChildrenInstead(path);
      setFrozen(one, false);
    },
    close() {
      if (!removeCgroup(path)) return false;
      const key = resourceKey({ kind: "cgroup", path });
      // Somebody else may have removed it, and the look for strays struck it off.
      if (ledger.live().some((resource) => resourceKey(resource) === key)) ledger.release(key);
      return true;
    },
  };
}

/** A cgroup below a frozen one cannot be thawed: the freeze moves down first, and nothing runs in between. */
function freezeChildrenInstead(path: string): void {
  for (const child of childCgroups(path)) setFrozen(child, true);
  setFrozen(path, false);
  assert(!isFreezeAsked(path), "the parent cgroup no longer asks for a freeze");
}

function waitUntilFrozen(path: string): boolean {
  const until = systemClock.monotonicMs() + freezeMsMax;
  for (let read = 1; !isFrozen(path); read += 1) {
    if (systemClock.monotonicMs() > until) return false;
    if (read > eagerReadsMax) pause(pauseMs);
  }
  return true;
}

/** Whether cgroups can be made below it: a container may show the files and refuse the directory. */
function probe(path: string): void {
  const child = join(path, `probe-${process.pid}`);
  mkdirSync(child);
  rmdirSync(child);
}
