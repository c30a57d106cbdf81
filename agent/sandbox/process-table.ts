import { readFileSync, readlinkSync } from "node:fs";

import { jobEnvironment } from "../../protocol/job-environment.ts";
import { isWithin } from "../activity/is-within.ts";
import type { Orphans } from "./orphans.ts";
import { isAlive, listPids, type ProcessStat, readEnvironment, readProcess } from "./proc-stat.ts";

/** A live process of one lease. */
export interface Member extends ProcessStat {
  readonly leaseId: string;
}

export interface ProcessTable {
  /** Names the first process of a lease; from now on its session and its descendants are that lease's. */
  adopt(root: {
    readonly leaseId: string;
    readonly pid: number;
    readonly startTime: string;
    /** Where its jobs' processes are at home, for those that nothing else tells apart. */
    readonly workspace?: string;
  }): void;
  /** The first process has just been reaped: its pid may be given to another from now on. */
  rootEnded(leaseId: string): void;
  /** Looks anew at what was found foreign: roots have been adopted whose descendants were seen before. */
  reconsider(): void;
  /** Forgets a lease, none of whose processes is left. */
  forget(leaseId: string): void;
  /** Every live process of every lease of this agent. */
  readonly scan: (look: Look) => Member[];
  /**
   * Those that were found last, as they were then and without a look; some have ended, and no pid is another's by now.
   */
  readonly remembered: () => Member[];
}

export interface Look {
  /** The processes that are in a lease's cgroup, which is proof enough. */
  readonly inCgroups: ReadonlyMap<number, string>;
  /**
   * Called for each at the moment that it is found, most of them microseconds after they were listed: what flees by
   * forking and ending has no time to. Some are found only at the end, by whom they descend from.
   */
  readonly onFound?: ((member: Member) => void) | undefined;
  /**
   * Whether only those outside the cgroups are asked for: those inside, of which there may be many, are not read again,
   * and only some of them are among the members.
   */
  readonly outsideOnly?: boolean | undefined;
}

interface Known {
  readonly startTime: string;
  leaseId: string | null;
  environmentRead: boolean;
  /** How many processes this host had made when it was last listed. */
  listedAtForks: number;
  /** How many it had made before this was read. */
  readAtForks: number;
  stat: ProcessStat | null;
}

interface Root {
  readonly pid: number;
  readonly startTime: string;
  readonly workspace: string | null;
  /** In clock ticks since boot, as start times are; null while it lives. */
  endedAtTicks: number | null;
}

/** How often one scan lists the pids again, for those that came while it read. */
const listingsMax = 10;
/** USER_HZ, the unit of the times in /proc/PID/stat: 100 on every Linux that Node runs on (time(7)). */
const ticksPerSecond = 100;
/** Whose an orphan is that may be one of several leases': it stands still and ends when all do, or with the last. */
export const unclearLease = "unclear";

/**
 * Recognises the processes of an agent's jobs: by cgroup, by having been recognised before, by the markers in their
 * environment, by session, by parent, and by having become this process's own child (`Orphans`). What was recognised
 * once stays so, whatever it changes afterwards.
 *
 * A scan in the middle of a freeze must be quick on a host with a thousand processes: a foreign process is read once
 * and then only listed. It cannot become a job's (nobody can enter another's session or descent) but by losing its
 * parent to a job's, and then it is listed among the orphans; and its pid cannot have been given away before the kernel
 * has gone once through all the pids, which its count of forks tells.
 */
export function processTable({
  agentId,
  orphans = null,
  isOutside = false,
}: {
  readonly agentId: string;
  readonly orphans?: Pick<Orphans, "children" | "isOrphan"> | null;
  /** Whether it is another process's orphans that are looked at, whose leases are not known here. */
  readonly isOutside?: boolean;
}): ProcessTable {
  const known = new Map<number, Known>();
  const roots = new Map<string, Root>();
  /** The lease that was forgotten last: whoever comes to light after it was its. */
  let lastLease: string | null = isOutside ? unclearLease : null;
  const forksMax = forksBeforeReuse();
  const ownSession = readProcess(process.pid)?.session ?? -1;
  return {
    adopt({ leaseId, pid, startTime, workspace = null }) {
      roots.set(leaseId, { pid, startTime, workspace, endedAtTicks: null });
      const forks = forksSinceBoot();
      known.set(pid, {
        startTime,
        leaseId,
        environmentRead: true,
        listedAtForks: forks,
        readAtForks: forks,
        stat: null,
      });
    },
    rootEnded(leaseId) {
      const root = roots.get(leaseId);
      if (root !== undefined) root.endedAtTicks = ticksSinceBoot();
    },
    reconsider() {
      for (const [pid, entry] of known) if (entry.leaseId === null) known.delete(pid);
    },
    forget(leaseId) {
      if (roots.delete(leaseId)) lastLease = leaseId;
    },
    remembered() {
      const forks = forksSinceBoot();
      return [...known.values()].flatMap(({ leaseId, stat, readAtForks }) =>
        leaseId !== null && stat !== null && forks - readAtForks < forksMax ? [{ ...stat, leaseId }] : [],
      );
    },
    scan({ inCgroups, onFound, outsideOnly = false }) {
      const alive = new Map<number, ProcessStat>();
      const members: Member[] = [];
      const claim = (stat: ProcessStat, leaseId: string): void => {
        const member = { ...stat, leaseId };
        members.push(member);
        onFound?.(member);
      };
      const listed = new Set<number>();
      const forks = forksSinceBoot();
      const adopted = new Set(orphans?.children());
      const skip = (pid: number): boolean => {
        if (adopted.has(pid)) return false;
        if (!inCgroups.has(pid)) return isForeignStill({ pid, known, forks, forksMax });
        const inside = outsideOnly ? insideStill({ pid, known, forks, forksMax }) : null;
        if (inside !== null) alive.set(pid, inside);
        return inside !== null;
      };
      for (const stat of readAll({ members: membersOf(known), listed, skip, forks })) {
        alive.set(stat.pid, stat);
        const entry = entryOf({ stat, known, forks });
        entry.leaseId ??= inCgroups.get(stat.pid) ?? null;
        entry.leaseId ??= alive.has(stat.parent) ? (known.get(stat.parent)?.leaseId ?? null) : null;
        if (entry.leaseId === null) readMarker({ stat, entry, agentId });
        entry.leaseId ??= oldSessionOf({ stat, roots });
        if (entry.leaseId === null && orphans?.isOrphan(stat) === true) {
          entry.leaseId = leaseOfOrphan({ stat, roots }) ?? lastLease;
        }
        if (entry.leaseId !== null) claim(stat, entry.leaseId);
      }
      for (const pid of known.keys()) if (!listed.has(pid)) known.delete(pid);
      for (const stat of spread({ alive, known, ownSession })) {
        const leaseId = known.get(stat.pid)?.leaseId ?? null;
        if (leaseId !== null) claim(stat, leaseId);
      }
      return members;
    },
  };
}

/** Who was found to be a job's when it was last looked. */
function membersOf(known: ReadonlyMap<number, Known>): number[] {
  return [...known].filter(([, { leaseId }]) => leaseId !== null).map(([pid]) => pid);
}

/**
 * Every live process that may be a job's, each as it is read.
 *
 * @param members who is read before anything is listed: while they run, whoever looks for the others may have to wait
 *   for its next turn on the processors that they burn on
 * @param forks how many processes this host had made before
 */
function* readAll({
  members,
  listed,
  skip,
  forks,
}: {
  members: readonly number[];
  listed: Set<number>;
  skip: (pid: number) => boolean;
  forks: number;
}): Generator<ProcessStat> {
  for (const pid of members) {
    const stat = skip(pid) ? null : readProcess(pid);
    // Who has ended is not listed either, and forgotten then.
    if (stat === null) continue;
    listed.add(pid);
    if (isAlive(stat)) yield stat;
  }
  for (let listing = 1; listing <= listingsMax; listing += 1) {
    // Nobody can have come since.
    if (listing > 1 && forksSinceBoot() === forks) return;
    const pids = listPids().filter((pid) => !listed.has(pid));
    if (pids.length === 0) return;
    for (const pid of pids) {
      listed.add(pid);
      // Never ourselves and never init, whatever their environment says.
      if (pid === process.pid || pid === 1 || skip(pid)) continue;
      const stat = readProcess(pid);
      if (stat !== null && isAlive(stat)) yield stat;
    }
  }
}

/** Whether it was found to be nobody's of ours, and is the same still. */
function isForeignStill({
  pid,
  known,
  forks,
  forksMax,
}: {
  pid: number;
  known: ReadonlyMap<number, Known>;
  forks: number;
  forksMax: number;
}): boolean {
  const entry = known.get(pid);
  if (entry === undefined || entry.leaseId !== null || !entry.environmentRead) return false;
  if (!(forks - entry.listedAtForks < forksMax)) return false;
  entry.listedAtForks = forks;
  return true;
}

/** What a process of a cgroup was when it was last read, if that tells its session and parent still. */
function insideStill({
  pid,
  known,
  forks,
  forksMax,
}: {
  pid: number;
  known: ReadonlyMap<number, Known>;
  forks: number;
  forksMax: number;
}): ProcessStat | null {
  const entry = known.get(pid);
  if (entry === undefined || entry.leaseId === null || !(forks - entry.readAtForks < forksMax)) return null;
  entry.listedAtForks = forks;
  return entry.stat;
}

function entryOf({ stat, known, forks }: { stat: ProcessStat; known: Map<number, Known>; forks: number }): Known {
  const entry = known.get(stat.pid);
  if (entry?.startTime === stat.startTime) {
    // It may be clear by now.
    if (entry.leaseId === unclearLease) entry.leaseId = null;
    entry.listedAtForks = forks;
    entry.readAtForks = forks;
    entry.stat = stat;
    return entry;
  }
  const fresh: Known = {
    startTime: stat.startTime,
    leaseId: null,
    // The kernel's own have no environment to wait for.
    environmentRead: stat.kernelThread,
    listedAtForks: forks,
    readAtForks: forks,
    stat,
  };
  known.set(stat.pid, fresh);
  return fresh;
}

function readMarker({ stat, entry, agentId }: { stat: ProcessStat; entry: Known; agentId: string }): void {
  if (entry.environmentRead) return;
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
function oldSessionOf({ stat, roots }: { stat: ProcessStat; roots: ReadonlyMap<string, Root> }): string | null {
  for (const [leaseId, root] of roots) {
    if (root.pid !== stat.session) continue;
    const started = Number(stat.startTime);
    // Until it is reaped, the first process holds the number even as a zombie.
    const heldUntil = root.endedAtTicks ?? Number.POSITIVE_INFINITY;
    if (started >= Number(root.startTime) && started <= heldUntil) return leaseId;
  }
  return null;
}

/**
 * Whose an orphan is that has neither marker nor session: the only lease's that was there before it, or that in whose
 * workspace it is. Null when there is no lease.
 */
function leaseOfOrphan({ stat, roots }: { stat: ProcessStat; roots: ReadonlyMap<string, Root> }): string | null {
  const possible = [...roots].filter(([, root]) => Number(root.startTime) <= Number(stat.startTime));
  if (possible.length <= 1) return possible[0]?.[0] ?? null;
  const place = currentDirectory(stat.pid);
  const home = possible.find(([, { workspace }]) => workspace !== null && place !== null && isWithin(place, workspace));
  return home?.[0] ?? unclearLease;
}

function currentDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended, or is another user's now.
    return null;
  }
}

/**
 * Children and fellows of a session belong to whom their parent or fellow belongs to, until nothing changes.
 *
 * @returns those that were claimed so
 */
function spread({
  alive,
  known,
  ownSession,
}: {
  alive: ReadonlyMap<number, ProcessStat>;
  known: Map<number, Known>;
  ownSession: number;
}): ProcessStat[] {
  const claimed: ProcessStat[] = [];
  const sessions = new Map<number, string>();
  let unclaimed: ProcessStat[] = [];
  for (const stat of alive.values()) {
    const leaseId = known.get(stat.pid)?.leaseId ?? null;
    if (leaseId === null) {
      unclaimed.push(stat);
      continue;
    }
    if (stat.session !== ownSession) sessions.set(stat.session, leaseId);
    // It may have begun a session since it was read; a session's number is given to nobody but its leader.
    sessions.set(stat.pid, leaseId);
  }
  if (sessions.size === 0) return claimed;
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
      claimed.push(stat);
      if (stat.session !== ownSession) sessions.set(stat.session, leaseId);
      changed = true;
    }
    unclaimed = rest;
  }
  return claimed;
}

/** How many processes and threads this host has made since it started (proc_stat(5)); NaN where it does not say. */
function forksSinceBoot(): number {
  return Number(/^processes (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1] ?? Number.NaN);
}

/** Fewer forks than this cannot make the kernel come round to a pid again; a quarter of all pids, to be safe. */
function forksBeforeReuse(): number {
  return Number(readFileSync("/proc/sys/kernel/pid_max", "latin1")) / 4;
}

function ticksSinceBoot(): number {
  const [seconds] = readFileSync("/proc/uptime", "utf8").split(" ");
  return Math.ceil(Number(seconds) * ticksPerSecond);
}
