import { assert } from "../../foundation/assert.ts";
import { systemClock } from "../../foundation/clock.ts";
import { withinDeadline } from "../../foundation/deadline.ts";
import { type HostLedger, resourceKey } from "../core/host-resource.ts";
import { driverCannot } from "./driver-cannot.ts";
import type { Enclosure } from "./enclosure.ts";
import { endProcesses, type Find } from "./end-processes.ts";
import { type JobCgroups, jobCgroups } from "./job-cgroups.ts";
import { countsProcessesAlone, defaultJobLimits, type JobLimits, processLimitsOf } from "./job-limits.ts";
import { Keepers } from "./keepers.ts";
import type {
  FreezeResult,
  ProcessIdentity,
  Sandbox,
  SandboxDriver,
  SandboxExit,
  SandboxRequest,
  TerminationResult,
} from "./port.ts";
import { identify, isSame, readProcess } from "./proc-stat.ts";
import { type Member, type ProcessTable, processTable } from "./process-table.ts";
import { SandboxError } from "./sandbox-error.ts";
import { type ProcessLimits, type SpawnedJob, spawnJob } from "./spawn-job.ts";
import { keyOf, signalMembers, stopProcesses } from "./stop-processes.ts";
import { endStrayProcesses } from "./stray-processes.ts";
import { type WorkspaceWatch, watchWorkspace } from "./workspace-watch.ts";
import { calm, hurry, yieldToHost } from "./yield-to-host.ts";

export interface JobDriverOptions {
  readonly agentId: string;
  readonly ledger: HostLedger;
  /** The agent's own environment: search path, language and run marker are passed on. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The cgroup in which to make this agent's; null for none. By default the agent's own, where it may. */
  readonly cgroupRoot?: string | null;
  readonly limits?: JobLimits;
  /** Told what the donor should read in the log. */
  readonly warn?: (sentence: string) => void;
}

/** What a driver shares with its sandboxes. */
interface Shared {
  readonly ledger: HostLedger;
  readonly enclosure: Enclosure;
  readonly environment: NodeJS.ProcessEnv;
  readonly limits: JobLimits;
  readonly warn: (sentence: string) => void;
  readonly isFrozen: () => boolean;
  readonly table: ProcessTable;
  readonly cgroups: JobCgroups | null;
  readonly live: Map<string, LiveSandbox>;
  readonly scan: Find;
}

interface LiveSandbox {
  readonly sandbox: Sandbox;
  /** Whether its session was made to yield to the host, and must be hurried when it is to stop. */
  yields: boolean;
  /** Ends a start's wait for the program to take over: a freeze must not wait for a job. */
  settleStart(): void;
}

/** How old a look at the processes may be where several terminations wait at once. */
const lookAgeMsMax = 8;
/** Without cgroups, how often descendants are looked for, so that one is known before it hides its descent. */
const trackIntervalMs = 1_000;
/** How long a termination waits to reap a first process that it has seen end. */
const reapMsMax = 1_000;
/** How long a job that took too much may take to end before it is left to the next termination, in milliseconds. */
const endForMsMax = 10_000;

/**
 * Runs jobs in sessions of their own and whatever enclosure it is given, in cgroups where this user may make them. It
 * holds the parent cgroup from now until `close`.
 */
export function jobDriver(options: JobDriverOptions & { readonly enclosure: Enclosure }): SandboxDriver {
  const { agentId, ledger, enclosure, environment = process.env, limits = defaultJobLimits } = options;
  const table = processTable({ agentId });
  const cgroups = jobCgroups({ agentId, ledger, root: options.cgroupRoot, limits });
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
  let frozen = false;
  let stopped: readonly Member[] = [];
  const { warn = () => undefined } = options;
  const isFrozen = (): boolean => frozen;
  const shared: Shared = { ledger, enclosure, environment, limits, warn, isFrozen, table, cgroups, live, scan };
  const tracker = setInterval(() => {
    if (cgroups === null && live.size > 0) scan({ fresh: true });
  }, trackIntervalMs).unref();

  return {
    name: enclosure.name,
    cannot: driverCannot({ enclosure, cgroups, limits }),
    async start(request) {
      if (frozen) {
        throw new SandboxError(`Job ${request.jobId} cannot be started while every sandbox is frozen.`, {
          code: "frozen",
          retriable: true,
          next: "Resume the agent first.",
        });
      }
      return await startSandbox(shared, request);
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

async function startSandbox(shared: Shared, request: SandboxRequest): Promise<Sandbox> {
  const { ledger, enclosure, environment, table, cgroups, live } = shared;
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
    job = spawnJob({ request, environment, cgroup, enclosure, limits: processLimitsFor(shared, request) });
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
  const running = new RunningJob({ shared, request, cgroup, job });
  let settleStart = (): void => undefined;
  const settled = new Promise<null>((settle) => {
    settleStart = () => settle(null);
  });
  const entry: LiveSandbox = { sandbox: running, yields: enclosure.kept ? false : yieldToHost(pid), settleStart };
  live.set(leaseId, entry);
  running.begin(() => {
    entry.yields = yieldToHost(running.pid);
  });
  // The first look at this host's processes is the slow one: it is better had now than in a freeze.
  shared.scan({ fresh: true });
  const failure = await Promise.race([job.started, settled]);
  if (failure === null) return running;
  running.forget();
  live.delete(leaseId);
  table.forget(leaseId);
  undo();
  throw failure;
}

function processLimitsFor({ cgroups, enclosure, limits }: Shared, { job }: SandboxRequest): ProcessLimits {
  return processLimitsOf({
    enabled: cgroups?.controllers ?? new Set(),
    limits,
    workspaceBytesMax: job.workspaceBytesMax,
    countsAlone: countsProcessesAlone({ ownUsers: enclosure.kept }),
  });
}

/** The sandbox of one lease from its launch to its end. */
class RunningJob implements Sandbox {
  readonly leaseId: string;
  readonly cgroup: string | null;
  readonly exited: Promise<SandboxExit>;
  readonly #shared: Shared;
  readonly #job: SpawnedJob;
  readonly #find: Find;
  readonly #keepers: Keepers | null;
  readonly #watch: WorkspaceWatch;
  #pid: number;
  #ending: Promise<TerminationResult> | null = null;
  /** Why the agent itself ended it, if it did. */
  #reason: string | null = null;

  constructor({
    shared,
    request,
    cgroup,
    job,
  }: {
    shared: Shared;
    request: SandboxRequest;
    cgroup: string | null;
    job: SpawnedJob;
  }) {
    const { leaseId, jobId, workspace, logFile } = request;
    const { isFrozen, scan } = shared;
    const bytesMax = request.job.workspaceBytesMax;
    this.leaseId = leaseId;
    this.cgroup = cgroup;
    this.#shared = shared;
    this.#job = job;
    this.#pid = job.pid;
    this.#find = scanWhere({ scan, where: (member) => member.leaseId === leaseId });
    this.#keepers = job.line === null ? null : new Keepers(job.pid);
    this.#watch = watchWorkspace({
      ...{ workspace, logFile, bytesMax, isFrozen },
      pids: () => this.#find({ fresh: false }).map(({ pid }) => pid),
      onExceeded: (bytes) => this.#endFor(`${jobId} held ${bytes} bytes of the disk, and ${bytesMax} are allowed`),
    });
    this.exited = job.exited.then((exit) => this.#explain(exit, request));
  }

  /** The job's first process; until that is known, and after its end, the outermost of the enclosure's. */
  get pid(): number {
    return this.#pid;
  }

  /** Lets the job begin once it is known who of its processes is the enclosure's. */
  begin(onLeader: () => void): void {
    const { line, started } = this.#job;
    const keepers = this.#keepers;
    if (line === null || keepers === null) return;
    void line.waiting.then((waits) => {
      if (!waits) return;
      if (keepers.learn(this.#find({ fresh: true }))) line.go();
      else line.dismiss();
    });
    void started.then((error) => {
      const leader = error === null ? keepers.leaderIn(this.#find({ fresh: true })) : null;
      if (leader === null) return;
      this.#pid = leader;
      onLeader();
    });
  }

  processes(): ProcessIdentity[] {
    return this.#find({ fresh: true })
      .filter((member) => !this.#isKeeper(member))
      .map(identify);
  }

  terminate(limits: { readonly graceMs: number; readonly deadlineMs: number }): Promise<TerminationResult> {
    this.#ending ??= this.#end(limits).finally(() => {
      this.#ending = null;
    });
    return this.#ending;
  }

  /** Watches nothing any more. */
  forget(): void {
    this.#watch.close();
  }

  async #end(limits: { graceMs: number; deadlineMs: number }): Promise<TerminationResult> {
    const shared = this.#shared;
    const { cgroups, live } = shared;
    const { cgroup, leaseId } = this;
    if (!live.has(leaseId)) return { terminated: 0, left: [] };
    const find = this.#find;
    const thaw = (): void => {
      if (cgroup !== null) cgroups?.thawOne(cgroup);
    };
    const hurryThem = (): void => {
      const sandbox = live.get(leaseId);
      if (sandbox !== undefined) hurry(yieldingIn(shared, [sandbox]), cgroup === null ? "ordinary" : "first");
    };
    const quarry = {
      ...{ find, thaw, hurry: hurryThem },
      cgroups: cgroup === null ? [] : [cgroup],
      isKeeper: (member: Member) => this.#isKeeper(member),
      dismissKeepers: () => this.#job.line?.dismiss(),
    };
    const result = await endProcesses(quarry, limits);
    if (result.left.length === 0 && (await this.#letGo())) return result;
    // What cannot be killed must not keep the agent's own process from ending.
    this.#job.child.unref();
    this.#job.line?.abandon();
    return { terminated: result.terminated, left: find({ fresh: true }).map(identify) };
  }

  /** Gives back what an ended sandbox held; false when a process came into its cgroup after the last look. */
  async #letGo(): Promise<boolean> {
    const { cgroups, ledger, live, table } = this.#shared;
    const { leaseId } = this;
    await withinDeadline(this.#job.exited, { ms: reapMsMax, late: null });
    if (cgroups !== null && !cgroups.remove(leaseId)) return false;
    this.forget();
    ledger.release(resourceKey({ kind: "processes", leaseId, pid: null, startTime: null }));
    table.forget(leaseId);
    live.delete(leaseId);
    return true;
  }

  #isKeeper(member: Member): boolean {
    return this.#keepers?.isKeeper(member) ?? false;
  }

  #endFor(reason: string): void {
    this.#reason = reason;
    this.#shared.warn(`${reason}; it was ended.`);
    void this.terminate({ graceMs: 0, deadlineMs: endForMsMax });
  }

  #explain(exit: SandboxExit, { jobId, job }: SandboxRequest): SandboxExit {
    if (this.#reason !== null) return { ...exit, reason: this.#reason };
    if (exit.signal !== "SIGXFSZ") return exit;
    const reason = `${jobId} wrote a file larger than the ${job.workspaceBytesMax} bytes that are allowed`;
    this.#shared.warn(`${reason}; it was ended.`);
    return { ...exit, reason };
  }
}
