import { assert } from "../../foundation/assert.ts";
import { systemClock } from "../../foundation/clock.ts";
import { withinDeadline } from "../../foundation/deadline.ts";
import { type HostLedger, resourceKey } from "../core/host-resource.ts";
import { endProcesses, type Find } from "./end-processes.ts";
import { type JobCgroups, jobCgroups } from "./job-cgroups.ts";
import type { FreezeResult, Sandbox, SandboxDriver, SandboxRequest, TerminationResult } from "./port.ts";
import { identify, isSame, readProcess } from "./proc-stat.ts";
import { type Member, type ProcessTable, processTable } from "./process-table.ts";
import { SandboxError } from "./sandbox-error.ts";
import { type SpawnedJob, spawnJob } from "./spawn-job.ts";
import { keyOf, signalMembers, stopProcesses } from "./stop-processes.ts";
import { calm, hurry } from "./yield-to-host.ts";
import { endStrayProcesses } from "./stray-processes.ts";

export interface ProcessDriverOptions {
  readonly agentId: string;
  readonly ledger: HostLedger;
  /** The agent's own environment: search path, language and run marker are passed on. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The cgroup in which to make this agent's; null for none. By default the agent's own, where it may. */
  readonly cgroupRoot?: string | null;
}

/** What a driver shares with its sandboxes. */
interface Shared {
  readonly ledger: HostLedger;
  readonly table: ProcessTable;
  readonly cgroups: JobCgroups | null;
  readonly live: Map<string, LiveSandbox>;
  readonly scan: Find;
}

interface LiveSandbox {
  readonly sandbox: Sandbox;
  readonly yields: boolean;
  /** Ends a start's wait for the program to take over: a freeze must not wait for a job. */
  settleStart(): void;
}

/** How old a look at the processes may be where several terminations wait at once. */
const lookAgeMsMax = 8;
/** Without cgroups, how often descendants are looked for, so that one is known before it hides its descent. */
const trackIntervalMs = 1_000;
/** How long a termination waits to reap a first process that it has seen end. */
const reapMsMax = 1_000;

/**
 * Runs jobs as ordinary processes in sessions of their own, in cgroups where this user may make them. It holds the
 * parent cgroup from now until `close`.
 */
export function processDriver(options: ProcessDriverOptions): SandboxDriver {
  const { agentId, ledger, environment = process.env } = options;
  const table = processTable({ agentId });
  const cgroups = jobCgroups({ agentId, ledger, root: options.cgroupRoot });
  const live = new Map<string, LiveSandbox>();
  let look: { readonly atMs: number; readonly members: Member[] } | null = null;
  const scan: Find = ({ fresh, onFound }) => {
    const now = systemClock.monotonicMs();
    if (fresh || onFound !== undefined || look === null || now - look.atMs > lookAgeMsMax) {
      look = {
        atMs: systemClock.monotonicMs(),
        members: table.scan({ inCgroups: cgroups?.pids() ?? new Map(), onFound }),
      };
    }
    return look.members;
  };
  const shared: Shared = { ledger, table, cgroups, live, scan };
  const tracker = setInterval(() => {
    if (cgroups === null && live.size > 0) scan({ fresh: true });
  }, trackIntervalMs).unref();
  let frozen = false;
  let stopped: readonly Member[] = [];

  return {
    name: "process",
    cannot: cannotOf(cgroups),
    async start(request) {
      if (frozen) {
        throw new SandboxError(`Job ${request.jobId} cannot be started while every sandbox is frozen.`, {
          code: "frozen",
          retriable: true,
          next: "Resume the agent first.",
        });
      }
      return await startSandbox({ shared, request, environment });
    },
    freezeAll() {
      frozen = true;
      const result = freeze(shared);
      stopped = [
        ...stopped.filter((member) => !result.stopped.some((other) => keyOf(other) === keyOf(member))),
        ...result.stopped,
      ];
      for (const sandbox of live.values()) sandbox.settleStart();
      return { freezeMs: result.freezeMs, processes: result.processes, running: result.running };
    },
    thawAll() {
      frozen = false;
      cgroups?.thaw();
      signalMembers(stopped.filter(isSame), "SIGCONT");
      stopped = [];
    },
    endStrays: (limits) => endStrayProcesses({ agentId, ledger, table, cgroups, isLive: (id) => live.has(id), limits }),
    close() {
      clearInterval(tracker);
      // Where a process could not be ended, its cgroups and their ledger entries stay for the next start to see.
      cgroups?.close();
    },
  };
}

function cannotOf(cgroups: JobCgroups | null): string[] {
  const cannot = [
    "A job sees this host's files and network as the agent's user does: this driver confines processes, not what they touch.",
    "Work that a job hands to another daemon (cron, at, systemd, docker) is not stopped or ended with it.",
    "If the agent itself is killed, its jobs go on until it is started again and ends them.",
  ];
  if (cgroups === null) {
    cannot.push(
      "No cgroup of version 2 can be made by this user, so a job's processes are found by session, parent and environment: one that leaves all three before it was first seen, within about a second, is not found.",
      "Without cgroups, a job that forks without pause can outrun the search; the freeze then names who still runs.",
      "Without cgroups, a program that changes its user (setuid) can be neither stopped nor ended by an ordinary user.",
    );
  } else if (process.getuid?.() === 0) {
    cannot.push(
      "Jobs run as root here, and root may move itself out of its cgroup: it is then found by session, parent and environment only.",
    );
  }
  return cannot;
}

interface Frozen extends FreezeResult {
  readonly stopped: readonly Member[];
}

function freeze(shared: Shared): Frozen {
  const startedAt = systemClock.monotonicMs();
  const yielding = yieldingIn(shared, [...shared.live.values()]);
  const { processes, running, stopped } = freezeHurried(shared, yielding);
  const freezeMs = systemClock.monotonicMs() - startedAt;
  calm(yielding);
  return { freezeMs, processes, running, stopped };
}

/** One process of each session that yields; its leader where that lives, or else whom the last look found in it. */
function yieldingIn({ scan }: Shared, sandboxes: readonly LiveSandbox[]): number[] {
  return sandboxes
    .filter(({ yields }) => yields)
    .flatMap(({ sandbox: { pid } }) => {
      if (readProcess(pid)?.session === pid) return [pid];
      const fellow = scan({ fresh: false }).find((member) => member.session === pid);
      return fellow === undefined ? [] : [fellow.pid];
    });
}

function freezeHurried({ cgroups, live, scan }: Shared, yielding: readonly number[]): Omit<Frozen, "freezeMs"> {
  const all = freezeCgroups(cgroups, () => hurry(yielding, "first"));
  if (live.size === 0) return { processes: 0, running: [], stopped: [] };
  const inside = new Set(all === null ? [] : cgroups?.pids().keys());
  // With cgroups, those outside are the exception, and all the others are stopped already: one clean round will do.
  const outside = stopProcesses({
    find: (onFound) => scanWhere({ scan, where: (member) => !inside.has(member.pid) })({ fresh: true, onFound }),
    cleanRounds: all === null ? 2 : 1,
    onAsked: () => hurry(yielding, all === null ? "ordinary" : "first"),
  });
  const unfrozen = all !== false ? [] : [...inside].map(readProcess).filter((stat) => stat !== null);
  const running = [...outside.running, ...unfrozen.filter((stat) => stat.state === "R" || stat.state === "D")];
  return {
    processes: inside.size + outside.processes,
    running: running.map(identify),
    stopped: outside.stopped,
  };
}

/** A look at some of the processes only. */
function scanWhere({ scan, where }: { scan: Find; where: (member: Member) => boolean }): Find {
  return ({ fresh, onFound }) => {
    const look = onFound === undefined ? {} : { onFound: (member: Member) => where(member) && onFound(member) };
    return scan({ fresh, ...look }).filter(where);
  };
}

/** Whether all in the cgroups was seen stopped; null where there are none to rely on. */
function freezeCgroups(cgroups: JobCgroups | null, onAsked: () => void): boolean | null {
  try {
    return cgroups?.freeze(onAsked) ?? null;
  } catch {
    // Somebody removed the cgroup under us: the donor's word holds all the same, by SIGSTOP.
    return null;
  }
}

async function startSandbox({
  shared,
  request,
  environment,
}: {
  shared: Shared;
  request: SandboxRequest;
  environment: NodeJS.ProcessEnv;
}): Promise<Sandbox> {
  const { ledger, table, cgroups, live } = shared;
  const { leaseId } = request;
  assert(!live.has(leaseId), "a lease has one sandbox");
  const resource = { kind: "processes", leaseId } as const;
  ledger.acquire({ ...resource, pid: null, startTime: null });
  const undo = (): void => {
    cgroups?.remove(leaseId);
    ledger.release(resourceKey({ ...resource, pid: null, startTime: null }));
  };
  let cgroup: string | null = null;
  let job: SpawnedJob;
  try {
    cgroup = cgroups?.make(leaseId) ?? null;
    job = spawnJob({ request, environment, cgroup });
  } catch (error) {
    undo();
    throw error;
  }
  const { pid } = job;
  const startTime = readProcess(pid)?.startTime ?? "0";
  if (pid > 0) {
    ledger.acquire({ ...resource, pid, startTime });
    table.adopt({ leaseId, pid, startTime });
    job.child.once("exit", () => table.rootEnded(leaseId));
  }
  const sandbox = sandboxOf({ shared, leaseId, cgroup, job });
  let settleStart = (): void => undefined;
  const settled = new Promise<null>((settle) => {
    settleStart = () => settle(null);
  });
  live.set(leaseId, { sandbox, yields: job.yields, settleStart });
  // The first look at this host's processes is the slow one: it is better had now than in a freeze.
  shared.scan({ fresh: true });
  const failure = await Promise.race([job.started, settled]);
  if (failure === null) return sandbox;
  live.delete(leaseId);
  table.forget(leaseId);
  undo();
  throw failure;
}

function sandboxOf({
  shared,
  leaseId,
  cgroup,
  job,
}: {
  shared: Shared;
  leaseId: string;
  cgroup: string | null;
  job: SpawnedJob;
}): Sandbox {
  const { cgroups, live, scan } = shared;
  const find = scanWhere({ scan, where: (member) => member.leaseId === leaseId });
  const end = async (limits: { graceMs: number; deadlineMs: number }): Promise<TerminationResult> => {
    if (!live.has(leaseId)) return { terminated: 0, left: [] };
    const thaw = (): void => {
      if (cgroup !== null) cgroups?.thawOne(cgroup);
    };
    const hurryThem = (): void => {
      const sandbox = live.get(leaseId);
      if (sandbox !== undefined) hurry(yieldingIn(shared, [sandbox]), cgroup === null ? "ordinary" : "first");
    };
    const quarry = { find, cgroups: cgroup === null ? [] : [cgroup], thaw, hurry: hurryThem };
    const result = await endProcesses(quarry, limits);
    if (result.left.length === 0 && (await letGo({ shared, leaseId, job }))) return result;
    // What cannot be killed must not keep the agent's own process from ending.
    job.child.unref();
    return { terminated: result.terminated, left: find({ fresh: true }).map(identify) };
  };
  let ending: Promise<TerminationResult> | null = null;
  return {
    leaseId,
    pid: job.pid,
    cgroup,
    exited: job.exited,
    processes: () => find({ fresh: true }).map(identify),
    terminate(limits) {
      ending ??= end(limits).finally(() => {
        ending = null;
      });
      return ending;
    },
  };
}

/** Gives back what an ended sandbox held; false when a process came into its cgroup after the last look. */
async function letGo({ shared, leaseId, job }: { shared: Shared; leaseId: string; job: SpawnedJob }): Promise<boolean> {
  const { cgroups, ledger, live, table } = shared;
  await withinDeadline(job.exited, { ms: reapMsMax, late: null });
  if (cgroups !== null && !cgroups.remove(leaseId)) return false;
  ledger.release(resourceKey({ kind: "processes", leaseId, pid: null, startTime: null }));
  table.forget(leaseId);
  live.delete(leaseId);
  return true;
}
