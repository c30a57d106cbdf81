import { apply } from "../../../agent/core/agent.ts";
import type { AgentEffect, Ending } from "../../../agent/core/effect.ts";
import type { AgentInput, Recovered, TimerName } from "../../../agent/core/input.ts";
import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import { recoveredFrom } from "../../../agent/core/recovery.ts";
import { type AgentCore, initialCore } from "../../../agent/core/state.ts";
import type { ControlRequest, ControlResponse } from "../../../protocol/control.ts";
import type { BrokerEvent } from "../../../protocol/messages.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import type { AgentProcess } from "./agent-process.ts";
import { AgentStream, type Connection, type StreamOwner } from "./agent-stream.ts";
import { timerNames } from "./agent-timer-names.ts";
import type { BrokerBody } from "./broker-body.ts";
import type { BrokerCall, Caller } from "./broker-call.ts";
import { BrokerEffects } from "./broker-effects.ts";
import { Fuse, type KillEdge } from "./fuse.ts";
import type { Host, HostListener } from "./host.ts";
import type { Network } from "./network.ts";
import type { Sandbox, SandboxEnd } from "./sandbox.ts";
import { SandboxEffects } from "./sandbox-effects.ts";
import type { HistorySource, World } from "./world.ts";
import { Stall } from "./stall.ts";
import { Timers } from "./timers.ts";
import { WithdrawalEffects } from "./withdrawal-effects.ts";

/** Event numbers below are timers'. */
const input = timerNames.length;
const withdrawalOverdue = input + 1;
const done = input + 2;

/** What the agent's process may take to end after its withdrawal has, in milliseconds; see checkers/withdrawal-bound. */
const exitMsMax = 1_000;

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
  alive = true;
  core: AgentCore;
  readonly #options: AgentBodyOptions;
  readonly #brokerEffects: BrokerEffects;
  readonly #sandboxEffects: SandboxEffects;
  readonly #withdrawalEffects: WithdrawalEffects;
  readonly #fuse = new Fuse();
  readonly #choices: ChoiceStream;
  /** Whoever waits for the answer to a control request; most are never asked for anything. */
  #answers: Map<string, (response: ControlResponse) => void> | null = null;
  /** What was seen while the brain was busy; most never need it. */
  #queue: AgentInput[] | null = null;
  #busy = false;
  #requests = 0;
  /** The coverage's cell of the last input. */
  #cell = 0;
  /** Most never stand still. */
  #stall: Stall | null = null;
  /** Its withdrawal, and how long the process had stood still when that began. */
  #withdrawal: { readonly begunAtMs: number; readonly stalledMs: number; readonly deadlineMs: number } | null = null;

  constructor(options: AgentBodyOptions) {
    const { world, host, network, instanceId } = options;
    this.#options = options;
    this.world = world;
    this.host = host;
    this.instanceId = instanceId;
    this.caller = { agentId: host.agentId, instanceId };
    this.source = { actor: "agent", name: instanceId, clockOffsetMs: host.clockOffsetMs, nextSequence: 0 };
    this.core = initialCore({ instanceId, slots: host.slots });
    this.timers = new Timers(world, this, timerNames);
    this.#choices = host.stream;
    this.stream = new AgentStream(world, this, { link: host.link, choices: host.stream });
    this.#brokerEffects = new BrokerEffects(this, network);
    this.#sandboxEffects = new SandboxEffects(this, this.#brokerEffects);
    this.#withdrawalEffects = new WithdrawalEffects(this);
  }

  /** The process comes up: it finds what an earlier one left, and tells its brain. */
  start(): void {
    const { host } = this;
    host.listener = this;
    const recovered = whatIsLeft(host);
    this.make(`directory:${this.home}`);
    if (recovered.withdrawal === null) this.make(`key:${this.home}/key.pem`);
    this.make(`socket:${this.home}/control.sock`);
    const hasKey = host.has(`key:${this.home}/key.pem`);
    const { agentId } = host;
    this.see({ type: "started", agentId, hasKey, pid: host.nextPid(), driver: "simulated", recovered, mayEnrol: true });
  }

  get home(): string {
    return "/home/agent/.houseguest";
  }

  /** Journals a resource, unless it stands there, and makes it. */
  make(resource: string): void {
    this.acquire(resource);
    if (this.alive) this.host.make(resource);
  }

  acquire(resource: string): void {
    if (this.host.journal.holds(resource)) return;
    if (!this.alive || this.#fuse.tears()) return;
    this.host.journal.acquire(resource);
    this.world.record(this.source, "agent.acquired", { resource });
  }

  /** Takes it away and strikes it off. */
  unmake(resource: string): void {
    if (!this.alive) return;
    this.host.remove(resource);
    this.release(resource);
  }

  release(resource: string): void {
    if (!this.host.journal.holds(resource)) return;
    if (!this.alive || this.#fuse.tears()) return;
    this.host.journal.release(resource);
    this.world.record(this.source, "agent.released", { resource });
  }

  /** The owner's request over the control socket. */
  ask(request: ControlRequest, answered: (response: ControlResponse) => void): void {
    this.#requests += 1;
    const requestId = `${this.instanceId}-${this.#requests}`;
    (this.#answers ??= new Map()).set(requestId, answered);
    this.later(0, { type: "control", requestId, request });
  }

  /** The kernel delivers a signal. */
  signal(name: string): void {
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
    if (this.#stall?.isOn === true) this.#stall.defer(done, () => this.#brokerEffects.answered(call, outcome));
    else this.#brokerEffects.answered(call, outcome);
  }

  connectEvents(connection: Connection): void {
    this.#brokerEffects.connectEvents(connection);
  }

  tookEvent(event: BrokerEvent): void {
    this.later(0, { type: "brokerEvent", event });
  }

  streamClosed(connection: Connection): void {
    this.#options.broker.streamClosed(this.host.agentId, connection);
  }

  sandboxEnded({ leaseId }: Sandbox, end: SandboxEnd): void {
    this.later(0, { type: "sandboxExited", leaseId, ...end, resultProblem: null });
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
    if (asksForFreeze(seen, core)) this.#sandboxEffects.expectFreeze();
    const turn = apply(core, seen, world.wallMs(this.source.clockOffsetMs));
    this.core = turn.state;
    for (const effect of turn.effects) {
      if (this.#fuse.burns("before")) break;
      this.#perform(effect);
      if (!this.alive || this.#fuse.burns("after")) break;
    }
    if (!this.alive) return;
    if (seen.type === "control" && turn.response !== null) this.#respond(seen.requestId, turn.response);
    if (this.core.withdrawal !== null && this.#withdrawal === null) this.#watchWithdrawal();
  }

  #perform(effect: AgentEffect): void {
    switch (effect.kind) {
      case "record":
        if (effect.type === "agent.state") this.#sandboxEffects.moved(effect.data.to);
        this.world.record(this.source, effect.type, effect.data);
        return;
      case "setTimer":
        this.timers.set(effect.name, this.#spread(effect.delayMs, effect.jitterRatio));
        return;
      case "clearTimer":
        this.timers.clear(effect.name);
        return;
      case "remember":
        if (!this.#fuse.tears()) this.host.journal.remember(effect.note.key, effect.note.value);
        return;
      case "answer":
        this.#respond(effect.requestId, effect.response);
        return;
      case "log":
      case "ready":
        return;
      case "exit":
        this.#exit(effect.ending, effect.urgent);
        return;
      case "closeSockets":
      case "wipeHome":
      case "clearLedger":
        this.#withdrawalEffects.perform(effect);
        return;
      case "freezeAll":
      case "thawAll":
      case "endStrays":
      case "prepareSandbox":
      case "startSandbox":
      case "terminateSandbox":
      case "wipeSandbox":
      case "saveCheckpoint":
      case "discardCheckpoint":
      case "discardCheckpoints":
      case "wipeLeftovers":
        this.#sandboxEffects.perform(effect);
        return;
      case "enrol":
      case "openEvents":
      case "heartbeat":
      case "accept":
      case "decline":
      case "complete":
      case "returnLease":
      case "uploadCheckpoint":
      case "reportProgress":
      case "notifyPaused":
      case "notifyResumed":
      case "notifyShutdown":
      case "withdraw":
      case "probeRevocation":
        this.#brokerEffects.perform(effect);
        return;
    }
  }

  #spread(delayMs: number, jitterRatio: number): number {
    if (jitterRatio === 0) return delayMs;
    const value = this.#choices.upTo("jitter", 1_000);
    // 0 is no jitter, the rest lies evenly between both ends.
    return value === 0 ? delayMs : delayMs * (1 + (jitterRatio * (value - 500.5)) / 500);
  }

  #respond(requestId: string, response: ControlResponse): void {
    const answered = this.#answers?.get(requestId);
    this.#answers?.delete(requestId);
    answered?.(response);
  }

  #exit(ending: Ending, urgent: boolean): void {
    if (urgent) this.#sandboxEffects.endAll();
    if (ending.how === "withdrawn") {
      this.#tellOfWithdrawal();
      const { host } = this;
      this.world.record(this.world.harness, "witness.left", {
        agentId: host.agentId,
        resources: host.things(),
        crontabLines: host.crontabLines,
      });
    } else if (ending.how === "shutdown" || ending.how === "interrupted") {
      this.unmake(`socket:${this.home}/control.sock`);
    }
    this.#die(ending);
  }

  #dieOverInput(died: () => void): void {
    this.world.coverage.crash(this.#cell);
    this.#die(null);
    died();
  }

  #die(ending: Ending | null): void {
    if (!this.alive) return;
    this.#sandboxEffects.endWatch();
    this.#fuse.putOut();
    // The kernel closes its connections.
    this.stream.shut();
    this.alive = false;
    this.host.listener = null;
    this.#options.onEnd(ending);
  }

  #watchWithdrawal(): void {
    const { begunAtMs, endsAtMs } = this.core.withdrawal as { begunAtMs: number; endsAtMs: number };
    const { nowMs, heap } = this.world;
    const deadlineMs = endsAtMs - begunAtMs;
    this.#withdrawal = { begunAtMs: nowMs, stalledMs: this.#stall?.totalMs ?? 0, deadlineMs };
    heap.push(nowMs + deadlineMs + exitMsMax + 1, this, withdrawalOverdue, null);
  }

  /** It ought to be gone by now (L1). Time in which the process stood still does not count. */
  #checkWithdrawal(): void {
    const watched = this.#withdrawal;
    if (watched === null) return;
    const { nowMs, heap } = this.world;
    const stalledMs = (this.#stall?.totalMs ?? 0) - watched.stalledMs;
    const overdueAtMs = watched.begunAtMs + stalledMs + watched.deadlineMs + exitMsMax + 1;
    if (nowMs < overdueAtMs) heap.push(overdueAtMs, this, withdrawalOverdue, null);
    else this.#tellOfWithdrawal();
  }

  #tellOfWithdrawal(): void {
    const watched = this.#withdrawal;
    if (watched === null) return;
    this.#withdrawal = null;
    const tookMs = this.world.nowMs - watched.begunAtMs - ((this.#stall?.totalMs ?? 0) - watched.stalledMs);
    const { agentId } = this.host;
    this.world.record(this.world.harness, "witness.withdrawn", { agentId, tookMs, deadlineMs: watched.deadlineMs });
  }
}

/** Whether the owner or the broker wants everything to stand still, and it does not yet (L4). */
function asksForFreeze(seen: AgentInput, { agent, pause, shutdown, withdrawal }: AgentCore): boolean {
  if (pause !== null || shutdown !== null || withdrawal !== null) return false;
  if (agent !== "Idle" && agent !== "Working") return false;
  if (seen.type === "control") return seen.request.command === "pause" || seen.request.command === "withdraw";
  return seen.type === "brokerEvent" && seen.event.event === "pause";
}

/** What an earlier instance wrote down for this one. The real one reads it from the disk, and shares nothing with it. */
function whatIsLeft({ journal }: Host): Recovered {
  const recovered = recoveredFrom({ notes: (prefix) => journal.notes(prefix), resources: journal.resources });
  return { ...recovered, withdrawal: structuredClone(recovered.withdrawal) };
}
