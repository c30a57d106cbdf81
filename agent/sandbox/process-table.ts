import { readFileSync } from "node:fs";

import { jobEnvironment } from "../../protocol/job-environment.ts";
import { isAlive, listPids, type ProcessStat, readEnvironment, readProcess } from "./proc-stat.ts";

/** A live process of one lease. */
export interface Member extends ProcessStat {
  readonly leaseId: string;
}

export interface ProcessTable {
  /** Names the first process of a lease; from now on its session and its descendants are that lease's. */
  adopt(root: { readonly leaseId: string; readonly pid: number; readonly startTime: string }): void;
  /** The first process has just been reaped: its pid may be given to another from now on. */
  rootEnded(leaseId: string): void;
  /** Forgets a lease, none of whose processes is left. */
  forget(leaseId: string): void;
  /**
   * Every live process of every lease of this agent.
   *
   * @param inCgroups the processes that are in a lease's cgroup, which is proof enough
   */
  scan(inCgroups: ReadonlyMap<number, string>): Member[];
}

interface Known {
  readonly startTime: string;
  leaseId: string | null;
  environmentRead: boolean;
}

interface Root {
  readonly pid: number;
  readonly startTime: string;
  /** In clock ticks since boot, as start times are; null while it lives. */
  endedAtTicks: number | null;
}

/** USER_HZ, the unit of the times in /proc/PID/stat: 100 on every Linux that Node runs on (time(7)). */
const ticksPerSecond = 100;

/**
 * Recognises the processes of an agent's jobs: by cgroup, by having been recognised before, by the markers in their
 * environment, by session and by parent. What was recognised once stays so, whatever it changes afterwards; what a
 * process is, is read once, so that a scan in the middle of a freeze costs one small read a process.
 */
export function processTable({ agentId }: { readonly agentId: string }): ProcessTable {
  const known = new Map<number, Known>();
  const roots = new Map<string, Root>();
  const ownSession = readProcess(process.pid)?.session ?? -1;
  return {
    adopt({ leaseId, pid, startTime }) {
      roots.set(leaseId, { pid, startTime, endedAtTicks: null });
      known.set(pid, { startTime, leaseId, environmentRead: true });
    },
    rootEnded(leaseId) {
      const root = roots.get(leaseId);
      if (root !== undefined) root.endedAtTicks = ticksSinceBoot();
    },
    forget: (leaseId) => void roots.delete(leaseId),
    scan(inCgroups) {
      const alive = readAll();
      for (const [pid, entry] of known) if (alive.get(pid)?.startTime !== entry.startTime) known.delete(pid);
      for (const stat of alive.values()) recognise({ stat, known, inCgroups, agentId });
      for (const stat of alive.values()) recogniseOldSession({ stat, known, roots });
      spread({ alive, known, ownSession });
      const members: Member[] = [];
      for (const stat of alive.values()) {
        const leaseId = known.get(stat.pid)?.leaseId ?? null;
        if (leaseId !== null) members.push({ ...stat, leaseId });
      }
      return members;
    },
  };
}

function readAll(): Map<number, ProcessStat> {
  const alive = new Map<number, ProcessStat>();
  for (const pid of listPids()) {
    // Never ourselves and never init, whatever their environment says.
    if (pid === process.pid || pid === 1) continue;
    const stat = readProcess(pid);
    if (stat !== null && isAlive(stat) && !stat.kernelThread) alive.set(pid, stat);
  }
  return alive;
}

function recognise({
  stat,
  known,
  inCgroups,
  agentId,
}: {
  stat: ProcessStat;
  known: Map<number, Known>;
  inCgroups: ReadonlyMap<number, string>;
  agentId: string;
}): void {
  let entry = known.get(stat.pid);
  if (entry === undefined) {
    entry = { startTime: stat.startTime, leaseId: null, environmentRead: false };
    known.set(stat.pid, entry);
  }
  entry.leaseId ??= inCgroups.get(stat.pid) ?? null;
  if (entry.leaseId !== null || entry.environmentRead) return;
  const environment = readEnvironment(stat.pid);
  // Empty while a process is in the middle of an exec; then it is read again the next time.
  entry.environmentRead = environment !== "";
  entry.leaseId = leaseOf({ environment, agentId });
}

/** The lease that the markers in an environment name, if they are this agent's. */
function leaseOf({ environment, agentId }: { environment: string | null; agentId: string }): string | null {
  if (environment === null || !environment.includes(agentId)) return null;
  const variables = environment.split("\0");
  if (!variables.includes(`${jobEnvironment.agentId}=${agentId}`)) return null;
  const prefix = `${jobEnvironment.leaseId}=`;
  return variables.find((variable) => variable.startsWith(prefix))?.slice(prefix.length) ?? null;
}

/**
 * A process in the session of a first process that has ended. The kernel gives a session's number to nobody else while
 * a process is in it, but may afterwards; so only who started while the first process held the number is certain.
 */
function recogniseOldSession({
  stat,
  known,
  roots,
}: {
  stat: ProcessStat;
  known: Map<number, Known>;
  roots: ReadonlyMap<string, Root>;
}): void {
  const entry = known.get(stat.pid);
  if (entry === undefined || entry.leaseId !== null) return;
  for (const [leaseId, root] of roots) {
    if (root.pid !== stat.session || root.endedAtTicks === null) continue;
    const started = Number(stat.startTime);
    if (started >= Number(root.startTime) && started <= root.endedAtTicks) entry.leaseId = leaseId;
  }
}

/** Children and fellows of a session belong to whom their parent or fellow belongs to, until nothing changes. */
function spread({
  alive,
  known,
  ownSession,
}: {
  alive: ReadonlyMap<number, ProcessStat>;
  known: Map<number, Known>;
  ownSession: number;
}): void {
  const sessions = new Map<number, string>();
  let unclaimed: ProcessStat[] = [];
  for (const stat of alive.values()) {
    const leaseId = known.get(stat.pid)?.leaseId ?? null;
    if (leaseId === null) unclaimed.push(stat);
    else if (stat.session !== ownSession) sessions.set(stat.session, leaseId);
  }
  if (sessions.size === 0) return;
  // Ends: each round but the last claims at least one of a finite list.
  for (let changed = true; changed; ) {
    changed = false;
    const rest: ProcessStat[] = [];
    for (const stat of unclaimed) {
      const parentLease = alive.has(stat.parent) ? (known.get(stat.parent)?.leaseId ?? null) : null;
      const leaseId = parentLease ?? sessions.get(stat.session) ?? null;
      const entry = known.get(stat.pid);
      if (leaseId === null || entry === undefined) {
        rest.push(stat);
        continue;
      }
      entry.leaseId = leaseId;
      if (stat.session !== ownSession) sessions.set(stat.session, leaseId);
      changed = true;
    }
    unclaimed = rest;
  }
}

function ticksSinceBoot(): number {
  const [seconds] = readFileSync("/proc/uptime", "utf8").split(" ");
  return Math.ceil(Number(seconds) * ticksPerSecond);
}
