import { withinDeadline } from "../../foundation/deadline.ts";
import type { ExceededLimit } from "../../protocol/exit-reason.ts";
import { resourceKey } from "../host-resource.ts";
import { type DriverState, scanWhere, yieldingIn } from "./driver-state.ts";
import { EndPace } from "./end-pace.ts";
import { endProcesses, type Find } from "./end-processes.ts";
import { exceededLimit } from "./exceeded-limit.ts";
import { Keepers } from "./keepers.ts";
import { listensFor } from "./listens-for.ts";
import type { EndLimits, ProcessIdentity, Sandbox, SandboxExit, SandboxRequest, TerminationResult } from "./port.ts";
import { identify, isSame, readProcess } from "./proc-stat.ts";
import type { Member } from "./process-table.ts";
import type { SpawnedJob } from "./spawn-job.ts";
import { type WorkspaceWatch, watchWorkspace } from "./workspace-watch.ts";
import { hurry } from "./yield-to-host.ts";

/** How long a termination waits to reap a first process that it has seen end. */
const reapMsMax = 1_000;
/** How long a job that took too much may take to end before it is left to the next termination, in milliseconds. */
const endForMsMax = 10_000;

/** The sandbox of one lease from its launch to its end. */
export class RunningJob implements Sandbox {
  readonly leaseId: string;
  readonly cgroup: string | null;
  readonly exited: Promise<SandboxExit>;
  readonly #shared: DriverState;
  readonly #job: SpawnedJob;
  readonly #find: Find;
  readonly #keepers: Keepers | null;
  readonly #watch: WorkspaceWatch;
  #pid: number;
  /** The job's first process, once it is known to be there. */
  #leader: Pick<ProcessIdentity, "pid" | "startTime"> | null = null;
  #ending: { readonly pace: EndPace; readonly result: Promise<TerminationResult> } | null = null;
  /** What the agent itself ended it for, if it did. */
  #exceeded: ExceededLimit | null = null;

  constructor({
    shared,
    request,
    cgroup,
    job,
  }: {
    shared: DriverState;
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
    if (this.#keepers === null && job.pid > 0) this.#leader = readProcess(job.pid);
    this.#watch = watchWorkspace({
      ...{ workspace, logFile, bytesMax, isFrozen },
      pids: () => this.#find({ fresh: false }).map(({ pid }) => pid),
      onExceeded: (bytes) =>
        this.#endAsTooLarge(`${jobId} held ${bytes} bytes of the disk, and ${bytesMax} are allowed`),
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
      this.#leader = readProcess(leader);
      onLeader();
    });
  }

  processes(): ProcessIdentity[] {
    return this.#find({ fresh: true })
      .filter((member) => !this.#isKeeper(member))
      .map(identify);
  }

  signal(name: NodeJS.Signals): boolean {
    const leader = this.#leader;
    if (leader === null || !isSame(leader) || !listensFor(leader.pid, name)) return false;
    try {
      process.kill(leader.pid, name);
      return true;
    } catch {
      // It ended between the look and the signal, or has become another user's.
      return false;
    }
  }

  terminate(limits: EndLimits): Promise<TerminationResult> {
    if (this.#ending === null) {
      const pace = new EndPace(limits);
      const result = this.#end(pace).finally(() => {
        this.#ending = null;
      });
      this.#ending = { pace, result };
    } else this.#ending.pace.hurry(limits);
    return this.#ending.result;
  }

  get isEnding(): boolean {
    return this.#ending !== null;
  }

  /** Watches nothing any more. */
  forget(): void {
    this.#watch.close();
  }

  async #end(pace: EndPace): Promise<TerminationResult> {
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
    const result = await endProcesses(quarry, pace);
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

  #endAsTooLarge(detail: string): void {
    this.#exceeded = { limit: "workspace", detail };
    this.#shared.warn(`${detail}; it was ended.`);
    void this.terminate({ graceMs: 0, deadlineMs: endForMsMax });
  }

  #explain(exit: SandboxExit, { jobId, job }: SandboxRequest): SandboxExit {
    if (this.#exceeded !== null) return { ...exit, exceeded: this.#exceeded };
    const { cgroup } = this;
    const exceeded = exceededLimit(exit, { jobId, workspaceBytesMax: job.workspaceBytesMax, cgroup });
    if (exceeded === null) return exit;
    this.#shared.warn(`${exceeded.detail}.`);
    return { ...exit, exceeded };
  }
}
