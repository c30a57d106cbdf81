import { assert } from "../../../foundation/assert.ts";
import type { ExceededLimit } from "../../../protocol/exit-reason.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import type { JobBehaviour } from "../plan/plan.ts";
import { deathOf, resultOf } from "./job-behaviours.ts";
import { JobProgress } from "./job-progress.ts";
import { type EndSignal, endingSignal, killInMs, type Stray, type Termination } from "./termination.ts";
import { durationMs, type World } from "./world.ts";

const ended = 1;
const killed = 2;
const delayed = 3;
const poisons = 4;
const inOrder = 5;

/** A signal on its way. */
interface Sent {
  readonly signal: EndSignal;
  /** Whoever has to be alive to send it; null for one that is sent already. */
  readonly needs: { readonly alive: boolean } | null;
  /** What follows a TERM that is not heeded in time. */
  readonly kill: { readonly atMs: number; readonly by: { readonly alive: boolean } } | null;
}

export interface SandboxEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly exceeded: ExceededLimit | null;
  readonly progress: number;
  readonly result: string | null;
}

/** What a sandbox needs of the host that it runs on. */
export interface SandboxHost {
  readonly world: World;
  readonly stream: ChoiceStream;
  nextPid(): number;
  /** Its first process ended. */
  ended(sandbox: Sandbox, end: SandboxEnd): void;
  /** Its job brings down the agent that runs on the host now. */
  killsAgent(): void;
  /** None of its processes is left. */
  emptied(sandbox: Sandbox): void;
  /** It wrote the file that says that its others are in order, so long after it was last asked to. */
  cooperated(sandbox: Sandbox, afterMs: number): void;
  /** A signal ended what was left of it, so long after it was told to go. */
  endedBySignal(sandbox: Sandbox, signal: EndSignal, afterMs: number): void;
}

/** The processes of one leased job on a host: the first one, its children, perhaps a daemon. They outlive the agent's process. */
export class Sandbox implements EventTarget {
  readonly leaseId: string;
  readonly jobId: string;
  readonly behaviour: JobBehaviour;
  readonly pid: number;
  /** The process start of the agent that spawned it, and alone hears how it ends. */
  readonly parent: string;
  readonly startedFrom: number;
  readonly #host: SandboxHost;
  readonly #progress: JobProgress;
  #stopped = false;
  /** The first process is there. */
  #alive = true;
  #others: number;
  /** Whether its parent was told that it runs; of its end it hears only then. */
  heard = false;
  end: SandboxEnd | null = null;
  /** Grows when it is stopped or goes on: an end that was scheduled before does not count any more. */
  #era = 0;
  /** How often it went on: whoever reads its files over a while can tell whether they may be torn. */
  resumes = 0;
  /** A SIGKILL was sent that it has not heard yet. */
  #doomed = false;
  /** It has brought an agent down, and does so once. */
  #hasPoisoned = false;
  /** When it was told to go for the first time. */
  #toldAtMs: number | null = null;
  /** It has put its files in order but for the file that says so, and was stopped before it wrote that. */
  #owesWord = false;
  #askedAtMs = 0;
  /** A TERM that it cannot act on while it stands still. */
  #heldTerm: Sent | null = null;
  #onGone: ((termination: Termination) => void)[] = [];

  constructor(
    host: SandboxHost,
    {
      leaseId,
      jobId,
      behaviour,
      startedFrom,
      parent,
    }: { leaseId: string; jobId: string; behaviour: JobBehaviour; startedFrom: number; parent: string },
  ) {
    this.#host = host;
    this.leaseId = leaseId;
    this.jobId = jobId;
    this.behaviour = behaviour;
    this.parent = parent;
    this.pid = host.nextPid();
    this.startedFrom = startedFrom;
    this.#progress = new JobProgress(host.world, behaviour, startedFrom);
    this.#others = behaviour.children + (behaviour.daemon ? 1 : 0);
    this.#scheduleEnd();
  }

  /** How many processes there are. */
  get processes(): number {
    return (this.#alive ? 1 : 0) + this.#others;
  }

  /** How many processes run, of those that a signal can end. */
  get running(): number {
    return this.#stopped || this.#doomed ? 0 : this.processes;
  }

  /** Whether it was sent a SIGKILL that it does not hear, because it sleeps in the kernel. */
  get isDoomed(): boolean {
    return this.#doomed;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Units done by now, as the job itself would say. */
  get progress(): number {
    return Math.floor(this.#progress.units);
  }

  /**
   * It is to put its files in order; false when it does not listen. Of what it writes, its host hears; one that takes
   * too long writes all the same, when nobody waits for it any more.
   */
  askCooperation(): boolean {
    const { cooperates, cooperationWaitMs } = this.behaviour;
    if (cooperates === "no" || cooperates === "deaf" || !this.#alive) return false;
    if (cooperates === "never") return true;
    const { world, stream } = this.#host;
    this.#askedAtMs = world.nowMs;
    const tookMs = durationMs(stream, "cooperates", { minMs: 1, maxMs: Math.max(1, cooperationWaitMs / 2) });
    const inMs = cooperates === "late" ? cooperationWaitMs + tookMs : tookMs;
    world.heap.push(world.nowMs + inMs, this, inOrder, null);
    return true;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#progress.halt();
    this.#stopped = true;
    this.#era += 1;
  }

  goOn(): void {
    if (!this.#stopped) return;
    if (this.#alive) this.#progress.goOn();
    this.#stopped = false;
    this.#era += 1;
    this.resumes += 1;
    this.#scheduleEnd();
    if (this.#owesWord) this.#writeWord();
    const { nowMs, heap } = this.#host.world;
    if (this.#heldTerm !== null) heap.push(nowMs, this, killed, this.#heldTerm);
    this.#heldTerm = null;
  }

  /** Whether somebody waits for its end. */
  get isEnding(): boolean {
    return this.#onGone.length > 0;
  }

  /**
   * TERM, then KILL after the grace. `gone` hears what came of it, at the latest when the time is over; a later call
   * makes it stricter for all who wait, as with the real drivers. Whoever dies between TERM and KILL sends no KILL.
   */
  terminate(
    { graceMs, deadlineMs, by }: { graceMs: number; deadlineMs: number; by: { readonly alive: boolean } },
    gone: (termination: Termination) => void,
  ): void {
    const { world, stream } = this.#host;
    if (this.processes === 0) {
      gone({ terminated: 0, left: [] });
      return;
    }
    this.#toldAtMs ??= world.nowMs;
    // TERM to who stands still is heard only when it goes on.
    if (graceMs > 0) this.goOn();
    const graceLeftMs = killInMs({ graceMs, deadlineMs });
    const { signal, inMs } = endingSignal(this.behaviour, { graceMs: graceLeftMs, stream });
    this.#onGone.push(gone);
    this.#doomed ||= this.behaviour.onTerm === "unkillable";
    if (inMs > deadlineMs) {
      const left = { pid: this.pid, startTime: String(this.pid), command: "simulated-job" };
      world.heap.push(world.nowMs + deadlineMs, this, delayed, { gone, left });
    }
    const needs = signal === "SIGKILL" && graceLeftMs > 0 ? by : null;
    const kill = signal === "SIGTERM" ? { atMs: world.nowMs + graceLeftMs, by } : null;
    const sent: Sent = { signal, needs, kill };
    world.heap.push(world.nowMs + inMs, this, killed, sent);
  }

  /** The power fails, or whatever ends every process of the host at once. */
  vanish(): void {
    this.#empty();
    this.#onGone = [];
  }

  happen(what: number, detail: unknown): void {
    if (what === inOrder) this.#writeWord();
    else if (what === ended) {
      if (detail === this.#era && this.#alive) this.#endByItself();
    } else if (what === poisons) {
      if (detail !== this.#era || !this.#alive) return;
      this.#hasPoisoned = true;
      this.#host.killsAgent();
    } else if (what === killed) {
      this.#hear(detail as Sent);
    } else this.#tellOfDelay(detail as { gone: (termination: Termination) => void; left: Stray });
  }

  #writeWord(): void {
    if (!this.#alive) return;
    this.#owesWord = this.#stopped;
    if (!this.#stopped) this.#host.cooperated(this, this.#host.world.nowMs - this.#askedAtMs);
  }

  #endByItself(): void {
    const { exitCode, diesAfterUnits, units } = this.behaviour;
    this.#alive = false;
    const dies = diesAfterUnits !== null && diesAfterUnits < units;
    const progress = dies ? Math.max(this.startedFrom, diesAfterUnits) : units;
    this.#progress.endAt(progress);
    // What it left running in the background goes on until somebody ends it; its children ended with it.
    this.#others = this.behaviour.daemon ? 1 : 0;
    const result = exitCode === 0 && !dies ? resultOf(this.jobId, this.behaviour, this.startedFrom) : null;
    const end = dies ? deathOf(this.jobId, this.behaviour) : { exitCode, signal: null, exceeded: null };
    this.#host.ended(this, { ...end, progress, result });
    // It came to its end before the signal that it was sent.
    if (this.processes === 0) this.#tellGone(0);
  }

  #hear(sent: Sent): void {
    const { signal, needs, kill } = sent;
    if (this.processes === 0 || needs?.alive === false) return;
    if (kill === null || !this.#stopped) {
      this.#endBy(signal);
      return;
    }
    this.#heldTerm = sent;
    const { nowMs, heap } = this.#host.world;
    heap.push(Math.max(nowMs, kill.atMs), this, killed, { signal: "SIGKILL", needs: kill.by, kill: null });
  }

  #endBy(signal: EndSignal): void {
    const { nowMs } = this.#host.world;
    this.#host.endedBySignal(this, signal, nowMs - (this.#toldAtMs ?? nowMs));
    this.#die(signal);
  }

  #die(signal: string): void {
    const terminated = this.processes;
    if (terminated === 0) return;
    const wasAlive = this.#alive;
    const { progress } = this;
    this.#empty();
    if (wasAlive) this.#host.ended(this, { exitCode: null, signal, exceeded: null, progress, result: null });
    this.#host.emptied(this);
    this.#tellGone(terminated);
  }

  #tellGone(terminated: number): void {
    for (const gone of this.#onGone.splice(0)) gone({ terminated, left: [] });
  }

  #empty(): void {
    this.#progress.halt();
    this.#alive = false;
    this.#others = 0;
    this.#era += 1;
  }

  #tellOfDelay({ gone, left }: { gone: (termination: Termination) => void; left: Stray }): void {
    if (!this.#onGone.includes(gone) || this.processes === 0) return;
    for (const one of this.#onGone.splice(0)) one({ terminated: 0, left: [left] });
  }

  #scheduleEnd(): void {
    const { world } = this.#host;
    const { units, unitMs, diesAfterUnits, killsAgentAfterUnits } = this.behaviour;
    const endUnits = Math.min(units, diesAfterUnits ?? units);
    const leftMs = Math.max(0, endUnits - this.#progress.units) * unitMs;
    assert(!this.#stopped, "who stands still does not come to an end");
    if (this.#alive && killsAgentAfterUnits !== null && !this.#hasPoisoned) {
      const poisonMs = Math.max(0, killsAgentAfterUnits - this.#progress.units) * unitMs;
      world.heap.push(world.nowMs + poisonMs, this, poisons, this.#era);
    }
    if (this.#alive) world.heap.push(world.nowMs + leftMs, this, ended, this.#era);
  }
}
