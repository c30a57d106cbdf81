import { assert } from "../../../foundation/assert.ts";
import { exitReasonOf } from "../../../protocol/exit-reason.ts";
import type { AgentId } from "../../../protocol/identifiers.ts";
import type { CheckpointContent, JobSpec } from "../../../protocol/messages.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import type { BlobContent } from "./blob-contents.ts";
import { brokersToken } from "./broker-input.ts";
import { Journal } from "./journal.ts";
import { behaviourOf } from "./job-behaviours.ts";
import { Link } from "./link.ts";
import { Sandbox, type SandboxEnd } from "./sandbox.ts";
import type { EndSignal } from "./termination.ts";
import type { World } from "./world.ts";

/** How many checkpoints of one lease lie on a host at any time. */
const checkpointsMax = 2;

interface StoredCheckpoint {
  readonly written: CheckpointContent;
  readonly content: BlobContent;
  /** The disk does not give back what was written. */
  rotten: boolean;
}

interface Workspace {
  /** How far the job's own files say that it is. */
  progress: number;
}

/** What is heard of the end of a job's first process, by whoever started it. */
export interface HostListener {
  readonly instanceId: string;
  sandboxEnded(sandbox: Sandbox, end: SandboxEnd): void;
  /** A job of this host kills the process, as a poisonous one does. */
  killedByJob(): void;
  /** A job wrote the file that says that its others are in order. */
  sandboxCooperated(leaseId: string): void;
}

/**
 * One donor's machine: what lies on its disk, what runs, what a power failure leaves. The agent's process comes and
 * goes on it.
 */
export class Host {
  readonly world: World;
  readonly index: number;
  readonly agentId: AgentId;
  readonly stream: ChoiceStream;
  readonly link: Link;
  readonly journal = new Journal();
  readonly home = "/home/agent/.houseguest";
  /** Its wall clock minus the right one; an instance reads it once, at its start. */
  clockOffsetMs: number;
  /** Directories, files and sockets of the agent that are there, named as the ledger names them. */
  readonly #things = new Set<string>();
  readonly sandboxes = new Map<string, Sandbox>();
  readonly #workspaces = new Map<string, Workspace>();
  readonly #checkpoints = new Map<string, Map<number, StoredCheckpoint>>();
  /** What its owner was told to join with. */
  joinToken = brokersToken;
  /** What starts its agent with it, named as the ledger names it; null where its owner did not want that. */
  startupHook: string | null;
  /** How many jobs its agent runs at once. */
  slots: number;
  /** For how long it must be quiet here until its agent goes on by itself; undefined for the agent's own default. */
  quietMs: number | undefined;
  crontabLines = 0;
  checkpointsFail = 0;
  /** How many have failed for that, and how many processes did not start for `spawnsFail`. */
  failures = 0;
  spawnsFail = 0;
  listener: HostListener | null = null;
  #lastPid = 0;
  #boots = 1;

  constructor(world: World, index: number, agentId: AgentId) {
    this.world = world;
    this.index = index;
    this.agentId = agentId;
    this.slots = world.options.slots;
    this.quietMs = world.options.quietMs;
    this.stream = world.tape.stream(`host:${index}`);
    this.link = new Link(world, world.tape.stream(`link:${index}`));
    this.startupHook = world.tape.stream(`autostart:${index}`).chance("wanted", 0.3) ? "crontab:agent" : null;
    const skewMs = world.options.clockSkewMs;
    this.clockOffsetMs = skewMs === 0 ? 0 : spread(this.stream.upTo("skew", 2 * skewMs));
  }

  /** Another one after each power failure. */
  get bootId(): string {
    return `boot-${this.#boots}`;
  }

  nextPid(): number {
    this.#lastPid += 1;
    return this.#lastPid;
  }

  /** Something of the agent comes to be on this host. */
  make(resource: string): void {
    if (this.#things.has(resource)) return;
    this.#things.add(resource);
    this.world.record(this.world.harness, "witness.resource", { agentId: this.agentId, change: "made", resource });
  }

  /** Something of the agent is gone from this host. */
  remove(resource: string): void {
    if (!this.#things.delete(resource)) return;
    this.world.record(this.world.harness, "witness.resource", { agentId: this.agentId, change: "gone", resource });
  }

  has(resource: string): boolean {
    return this.#things.has(resource);
  }

  /** Whether something of the agent is there that is so. */
  hasAny(isSo: (thing: string) => boolean): boolean {
    for (const thing of this.#things) if (isSo(thing)) return true;
    return false;
  }

  /** Everything of the agent that is there, sorted. */
  things(): string[] {
    return [...this.#things].sort();
  }

  startSandbox({
    leaseId,
    jobId,
    job,
    parent,
  }: {
    leaseId: string;
    jobId: string;
    job: JobSpec;
    parent: string;
  }): Sandbox {
    const startedFrom = this.workspaceProgress(leaseId);
    const sandbox = new Sandbox(this, { leaseId, jobId, behaviour: behaviourOf(job), startedFrom, parent });
    this.sandboxes.set(leaseId, sandbox);
    this.make(`cgroup:/cgroup/${leaseId}`);
    this.make(`processes:${leaseId}`);
    return sandbox;
  }

  /** What runs of an instance's sandboxes, in the order in which they came up. */
  *sandboxesOf(instanceId: string): Generator<Sandbox> {
    for (const sandbox of this.sandboxes.values()) {
      if (sandbox.parent === instanceId && sandbox.processes > 0) yield sandbox;
    }
  }

  /** A sandbox's first process ended. */
  ended(sandbox: Sandbox, end: SandboxEnd): void {
    const { leaseId, behaviour } = sandbox;
    this.#keepProgress(leaseId, end.progress);
    if (behaviour.crontabLine) this.crontabLines += 1;
    if (sandbox.processes === 0) this.emptied(sandbox);
    const { agentId } = this;
    this.world.record(this.world.harness, "witness.job-ended", { agentId, leaseId, exit: exitReasonOf(end) });
    sandbox.end = end;
    if (sandbox.heard && this.listener?.instanceId === sandbox.parent) this.listener.sandboxEnded(sandbox, end);
  }

  /** It brings the agent down that runs on this host now, if there is one. */
  killsAgent(): void {
    this.listener?.killedByJob();
  }

  /** A job put its files in order. */
  cooperated({ leaseId, parent }: Sandbox, afterMs: number): void {
    const { agentId } = this;
    this.world.record(this.world.harness, "witness.cooperated", { agentId, leaseId, afterMs });
    if (this.listener?.instanceId === parent) this.listener.sandboxCooperated(leaseId);
  }

  /** None of its processes is left. */
  emptied({ leaseId }: Sandbox): void {
    this.remove(`processes:${leaseId}`);
    this.remove(`cgroup:/cgroup/${leaseId}`);
  }

  /** A signal that its agent sent ended it. */
  endedBySignal({ leaseId }: Sandbox, signal: EndSignal, afterMs: number): void {
    const { agentId } = this;
    this.world.record(this.world.harness, "witness.ended", { agentId, leaseId, signal, afterMs });
  }

  makeWorkspace(leaseId: string, progress: number): void {
    this.#workspaces.set(leaseId, { progress });
  }

  wipeWorkspace(leaseId: string): void {
    this.#workspaces.delete(leaseId);
    if (this.sandboxes.get(leaseId)?.processes === 0) this.sandboxes.delete(leaseId);
  }

  workspaceProgress(leaseId: string): number {
    const sandbox = this.sandboxes.get(leaseId);
    return sandbox === undefined || sandbox.processes === 0
      ? (this.#workspaces.get(leaseId)?.progress ?? 0)
      : sandbox.progress;
  }

  keepCheckpoint(leaseId: string, generation: number, stored: StoredCheckpoint): void {
    const generations = this.#checkpoints.get(leaseId) ?? new Map<number, StoredCheckpoint>();
    this.#checkpoints.set(leaseId, generations.set(generation, stored));
    // The one before stays until this one is written down; whoever keeps more fills the donor's disk.
    assert(generations.size <= checkpointsMax, "a lease has two checkpoints on its host at most");
  }

  checkpoint(leaseId: string, generation: number): StoredCheckpoint | undefined {
    return this.#checkpoints.get(leaseId)?.get(generation);
  }

  dropCheckpoint(leaseId: string, generation: number): void {
    this.#checkpoints.get(leaseId)?.delete(generation);
  }

  /** Whatever checkpoints are on the disk are not what was written any more. */
  rotCheckpoints(): void {
    for (const generations of this.#checkpoints.values()) {
      for (const stored of generations.values()) stored.rotten = true;
    }
  }

  dropCheckpoints(leaseId: string): void {
    this.#checkpoints.delete(leaseId);
  }

  /** Leases that have a directory here. */
  leasesOnDisk(): { workspaces: string[]; checkpoints: string[] } {
    return { workspaces: [...this.#workspaces.keys()], checkpoints: [...this.#checkpoints.keys()] };
  }

  /** Every process ends at once, and what was not synced may be lost. */
  losePower(): void {
    this.#boots += 1;
    for (const sandbox of this.sandboxes.values()) {
      if (sandbox.processes > 0) this.#keepProgress(sandbox.leaseId, sandbox.progress);
      sandbox.vanish();
      this.emptied(sandbox);
    }
    this.sandboxes.clear();
    // Sockets die with whoever bound them; their names stay in the directory, cgroups do not outlive the kernel.
    for (const thing of this.things()) if (thing.startsWith("cgroup:")) this.remove(thing);
    this.journal.losePower((unsynced) => this.stream.upTo("lost", unsynced));
  }

  /** A job's own files are not synced: whoever goes on from them goes on from wherever they were written last. */
  #keepProgress(leaseId: string, progress: number): void {
    const workspace = this.#workspaces.get(leaseId);
    if (workspace !== undefined) workspace.progress = progress;
  }
}

/** 0 → 0, 1 → −1, 2 → 1, 3 → −2 …: the benign choice is a clock that is right. */
function spread(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}
