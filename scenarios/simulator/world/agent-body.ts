import { apply } from "../../../agent/core/agent.ts";
import type { Ending } from "../../../agent/core/effect.ts";
import type { AgentInput, Recovered, TimerName } from "../../../agent/core/input.ts";
import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import { recoveredFrom } from "../../../agent/core/recovery.ts";
import { type AgentCore, initialCore } from "../../../agent/core/state.ts";
import { coreStatus } from "../../../agent/core/status.ts";
import { type AgentStatus, type ControlRequest, type ControlResponse } from "../../../protocol/control.ts";
import { exitReasonOf } from "../../../protocol/exit-reason.ts";
import type { BrokerEvent } from "../../../protocol/messages.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import { AgentEffects } from "./agent-effects.ts";
import { auditAgent, copyOf, stepOf } from "./agent-audit/agent-audit.ts";
import type { AgentProcess } from "./agent-process.ts";
import { AgentStream, type Connection, type StreamOwner } from "./agent-stream.ts";
import { timerNames } from "./agent-timer-names.ts";
import type { BrokerBody } from "./broker-body.ts";
import { brokersToken } from "./broker-input.ts";
import type { BrokerCall, Caller } from "./broker-call.ts";
import { checkAnswer } from "./control-answer-form.ts";
import { Fuse, type KillEdge } from "./fuse.ts";
import type { Host, HostListener } from "./host.ts";
import { HostLedger } from "./host-ledger.ts";
import type { Network } from "./network.ts";
import { OwnerRequests } from "./owner-requests.ts";
import type { Sandbox, SandboxEnd } from "./sandbox.ts";
import { Stall } from "./stall.ts";
import { Timers } from "./timers.ts";
import { WithdrawalWatch } from "./withdrawal-watch.ts";
import type { HistorySource, World } from "./world.ts";

/** A fleet is too large to look at each decision. */
const auditedAgentsMax = 64;

/** Event numbers below are timers'. */
const input = timerNames.length;
const withdrawalOverdue = input + 1;
const done = input + 2;

export interface AgentBodyOptions {
  readonly world: World;
  readonly host: Host;
  readonly network: Network;
  readonly broker: BrokerBody;
  readonly instanceId: string;
  /** The process is gone: by itself with an ending, or killed (null). */
  readonly onEnd: (ending: Ending | null) => void;
}

/** One process of an agent on a modelled host: hands inputs to the reducer and carries out what it answers. */
export class AgentBody implements EventTarget, AgentProcess, StreamOwner, HostListener {
  readonly instanceId: string;
  readonly caller: Caller["caller"];
  readonly world: World;
  readonly host: Host;
  readonly source: HistorySource;
  readonly timers: Timers<TimerName>;
  readonly stream: AgentStream;
  readonly ledger: HostLedger;
  alive = true;
  core: AgentCore;
  readonly #options: AgentBodyOptions;
  readonly #effects: AgentEffects;
  readonly #fuse = new Fuse();
  /** What its owner asked; most are never asked for anything. */
  #requests: OwnerRequests | null = null;
  /** What was seen while the brain was busy; most never need it. */
  #queue: AgentInput[] | null = null;
  #busy = false;
  /** The coverage's cell of the last input. */
  #cell = 0;
  /** Most never stand still. */
  #stall: Stall | null = null;
  #withdrawalWatch: WithdrawalWatch | null = null;

  constructor(options: AgentBodyOptions) {
    const { world, host, network, instanceId } = options;
    this.#options = options;
    this.world = world;
    this.host = host;
    this.instanceId = instanceId;
    this.caller = { agentId: host.agentId, instanceId };
    this.source = { actor: "agent", name: instanceId, clockOffsetMs: host.clockOffsetMs, nextSequence: 0 };
    const { quietMs } = host;
    this.core = initialCore({ instanceId, slots: host.slots, ...(quietMs === undefined ? {} : { quietMs }) });
    this.timers = new Timers(world, this, timerNames);
    this.stream = new AgentStream(world, this, { link: host.link, choices: host.stream });
    this.ledger = new HostLedger(this, this.#fuse);
    this.#effects = new AgentEffects(this, network);
  }

  /**
   * The process comes up: it finds what an earlier one left, and tells its brain.
   *
   * @param mayEnrol false when it is started only to withdraw
   */
  start(mayEnrol: boolean): void {
    const { host } = this;
    host.listener = this;
    const recovered = whatIsLeft(host);
    this.ledger.make(`directory:${this.home}`);
    if (mayEnrol && recovered.withdrawal === null) this.ledger.make(`key:${this.home}/key.pem`);
    const startupHook = host.joinToken === brokersToken ? host.startupHook : null;
    if (startupHook !== null && mayEnrol && recovered.withdrawal === null) this.ledger.make(startupHook);
    this.ledger.make(this.controlSocket);
    const hasKey = host.has(`key:${this.home}/key.pem`);
    const { agentId, bootId } = host;
    const driver = "simulated";
    this.see({ type: "started", agentId, hasKey, pid: host.nextPid(), driver, bootId, recovered, mayEnrol });
  }

  get home(): string {
    return this.host.home;
  }

  get controlSocket(): string {
    return `socket:${this.home}/control.sock`;
  }

  /** The owner's request over the control socket; nobody hears it where none is bound any more. */
  ask(request: ControlRequest, answered: (response: ControlResponse) => void): void {
    if (!this.host.has(this.controlSocket)) return;
    if (request.command === "status") {
      const response = { ok: true, status: this.status() } as const;
      checkAnswer(request, response);
      answered(response);
      return;
    }
    this.#requests ??= new OwnerRequests(this);
    this.later(0, { type: "control", requestId: this.#requests.ask(request, answered), request });
  }

  /** What it shows its owner; see the real body's. */
  status(): AgentStatus {
    const { host } = this;
    const status = coreStatus(this.core);
    const sandboxes = status.sandboxes.map((sandbox) => ({
      ...sandbox,
      progress: Math.max(sandbox.progress, host.workspaceProgress(sandbox.leaseId)),
    }));
    const broker = "simulated";
    return { ...status, sandboxes, pid: 1, broker, sandboxDriver: broker, ledgerEntries: host.journal.resources.size };
  }

  /** Who asked for something and has not been answered. */
  get asked(): Pick<OwnerRequests, "waitsFor"> | null {
    return this.#requests;
  }

  /** Whether it stands still, and so answers nobody. */
  get isStalled(): boolean {
    return this.#stall?.isOn === true;
  }

  /** Its owner does something at the host; one that stands still notices when it goes on. */
  noticeActivity(what: string): void {
    this.whenDone(0, () => this.see({ type: "activity", what, noticedAtMs: this.wallMs }));
  }

  /** The kernel delivers a signal. */
  signal(name: string): void {
    const { world, host } = this;
    world.record(world.harness, "witness.signal", { agentId: host.agentId, signal: name });
    this.later(0, { type: "signal", name });
  }

  /** Something is seen after so long; a process that is dead by then sees nothing. */
  later(delayMs: number, seen: AgentInput): void {
    this.world.heap.push(this.world.nowMs + delayMs, this, input, seen);
  }

  /** Work of this process is done after so long; it dies with the process. */
  whenDone(delayMs: number, happens: () => void): void {
    this.world.heap.push(this.world.nowMs + delayMs, this, done, happens);
  }

  stall(forMs: number): void {
    this.#stall ??= new Stall(this.world, this, () => this.timers.rearm());
    this.#stall.begin(forMs);
  }

  wake(): void {
    this.#stall?.end();
  }

  /** How many of its owner's wishes were not answered yet. */
  get unanswered(): number {
    return this.#requests?.waiting ?? 0;
  }

  /** What its own clock shows. */
  get wallMs(): number {
    return this.world.wallMs(this.source.clockOffsetMs);
  }

  /** How long it has stood still in all, in milliseconds. */
  get stalledMs(): number {
    return this.#stall?.totalMs ?? 0;
  }

  /** Whether it could see everything in the last so many milliseconds. */
  wasAwakeFor(ms: number): boolean {
    return this.#stall?.wasOnWithin(ms) !== true;
  }

  /** kill -9, at once or after so many effects more. */
  kill({ afterEffects, edge }: { afterEffects: number; edge: KillEdge }, died: () => void): void {
    if (afterEffects > 0) {
      this.#fuse.light({ effects: afterEffects, edge, die: () => this.#dieOverInput(died) });
      return;
    }
    this.#die(null);
    died();
  }

  /** What was lit and did not burn down is put out. */
  disarm(): void {
    this.#fuse.putOut();
  }

  happen(what: number, detail: unknown): void {
    if (!this.alive) return;
    if (this.#stall?.isOn === true) {
      if (what < input) this.timers.miss(what);
      else this.#stall.defer(what, detail);
      return;
    }
    if (what === input) this.see(detail as AgentInput);
    else if (what === withdrawalOverdue) this.#checkWithdrawal();
    else if (what === done) (detail as () => void)();
    else {
      const name = this.timers.take(what);
      if (name !== null) this.see({ type: "timer", name });
    }
  }

  answered(call: BrokerCall, outcome: BrokerOutcome<unknown>): void {
    if (this.#stall?.isOn === true) this.#stall.defer(done, () => this.#effects.broker.answered(call, outcome));
    else this.#effects.broker.answered(call, outcome);
  }

  connectEvents(connection: Connection): void {
    this.#effects.broker.connectEvents(connection);
  }

  tookEvent(event: BrokerEvent): void {
    this.later(0, { type: "brokerEvent", event });
  }

  streamClosed(connection: Connection): void {
    this.#options.broker.streamClosed(this.host.agentId, connection);
  }

  sandboxEnded({ leaseId }: Sandbox, { progress, result, ...exit }: SandboxEnd): void {
    const reason = exitReasonOf(exit);
    this.later(0, { type: "sandboxExited", leaseId, reason, progress, result, resultProblem: null });
  }

  sandboxCooperated(leaseId: string): void {
    this.#effects.sandboxes.cooperations.written(leaseId);
  }

  killedByJob(): void {
    const { world, host } = this;
    const fault = { fault: "kill-agent", target: host.agentId, detail: "by a job of its host", subjects: [] };
    world.record(world.harness, "fault.applied", fault);
    this.#die(null);
  }

  /** Hands the brain something that is seen now. What it causes at once is seen after this. */
  see(seen: AgentInput): void {
    if (!this.alive) return;
    if (this.#busy) {
      (this.#queue ??= []).push(seen);
      return;
    }
    this.#busy = true;
    this.#take(seen);
    for (let next = this.#queue?.shift(); next !== undefined && this.alive; next = this.#queue?.shift())
      this.#take(next);
    this.#busy = false;
  }

  #take(seen: AgentInput): void {
    const { world, core } = this;
    world.steps += 1;
    this.#cell = world.coverage.agent(core.agent, seen.type, world.faults.current);
    if (asksForFreeze(seen, core)) this.#effects.sandboxes.freezer.expectFreeze();
    if (seen.type === "activity") {
      const { what, noticedAtMs } = seen;
      world.record(world.harness, "witness.activity", { agentId: this.host.agentId, what, noticedAtMs });
    }
    const endsAtMs = core.withdrawal?.endsAtMs ?? Number.POSITIVE_INFINITY;
    const before = world.options.agents <= auditedAgentsMax ? copyOf(core) : null;
    const turn = apply(core, seen, this.wallMs);
    this.core = turn.state;
    if (before !== null) auditAgent(stepOf(before, seen, turn, this.wallMs));
    for (const effect of turn.effects) {
      if (this.#fuse.burns("before")) break;
      this.#effects.perform(effect);
      if (!this.alive || this.#fuse.burns("after")) break;
    }
    if (!this.alive) return;
    if (seen.type === "control" && turn.response !== null) this.respond(seen.requestId, turn.response);
    const { withdrawal } = this.core;
    if (withdrawal === null) return;
    if (this.#withdrawalWatch === null) this.#watchWithdrawal();
    else if (withdrawal.endsAtMs > endsAtMs) this.#withdrawalWatch.extend(withdrawal.endsAtMs - this.wallMs);
  }

  /** Whoever asked over the control socket hears the answer. */
  respond(requestId: string, response: ControlResponse): void {
    this.#requests?.answer(requestId, response);
  }

  /** The process ends by itself; when it was interrupted, with everything that it runs. */
  exit(ending: Ending): void {
    if (ending.how === "interrupted") this.#effects.sandboxes.endAll();
    const { host } = this;
    if (ending.how === "withdrawn") {
      this.#withdrawalWatch?.tell();
      this.world.record(this.world.harness, "witness.left", {
        agentId: host.agentId,
        resources: host.things(),
        crontabLines: host.crontabLines,
      });
    } else if (ending.how === "refused" && ending.fresh) {
      for (const thing of host.things().reverse()) this.ledger.unmake(thing);
      host.journal.clear();
    } else this.ledger.unmake(this.controlSocket);
    this.#die(ending);
  }

  #dieOverInput(died: () => void): void {
    this.world.coverage.crash(this.#cell, this.world.faults.current);
    this.#die(null);
    died();
  }

  #die(ending: Ending | null): void {
    if (!this.alive) return;
    this.#effects.sandboxes.freezer.endWatch();
    this.#fuse.putOut();
    // The kernel closes its connections.
    this.stream.shut();
    this.alive = false;
    this.#requests?.hangUp();
    this.host.listener = null;
    this.#options.onEnd(ending);
  }

  #watchWithdrawal(): void {
    const { sharedFromMs, endsAtMs } = this.core.withdrawal as { sharedFromMs: number; endsAtMs: number };
    this.#withdrawalWatch = new WithdrawalWatch(this, endsAtMs - sharedFromMs);
    this.world.heap.push(this.#withdrawalWatch.overdueAtMs, this, withdrawalOverdue, null);
  }

  #checkWithdrawal(): void {
    const watch = this.#withdrawalWatch as WithdrawalWatch;
    const { overdueAtMs } = watch;
    if (this.world.nowMs < overdueAtMs) this.world.heap.push(overdueAtMs, this, withdrawalOverdue, null);
    else watch.tell();
  }
}

/** Whether the owner or the broker wants everything to stand still, and it does not yet (L4). */
function asksForFreeze(seen: AgentInput, { agent, pause, activity, shutdown, withdrawal }: AgentCore): boolean {
  if (pause !== null || shutdown !== null || withdrawal !== null) return false;
  if (agent !== "Idle" && agent !== "Working") return false;
  if (seen.type === "control") return seen.request.command === "pause" || seen.request.command === "withdraw";
  if (seen.type === "activity") return activity?.ignored !== true;
  return seen.type === "brokerEvent" && seen.event.event === "pause";
}

/**
 * What an earlier instance wrote down for this one. The real one reads it from the disk, and shares nothing with it.
 */
function whatIsLeft({ journal }: Host): Recovered {
  const recovered = recoveredFrom({ notes: (prefix) => journal.notes(prefix), resources: journal.resources });
  const { withdrawal } = recovered;
  return withdrawal === null ? recovered : { ...recovered, withdrawal: structuredClone(withdrawal) };
}
