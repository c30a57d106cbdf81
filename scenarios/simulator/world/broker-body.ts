import { apply } from "../../../broker-sim/core/apply.ts";
import { type BrokerState, startBrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect, LaterEffect, StoreBatch } from "../../../broker-sim/core/effects.ts";
import type { BrokerInput, BrokerInputType, BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import { assertInvariants } from "../../../broker-sim/core/invariants.ts";
import { EventHub } from "../../../broker-sim/io/event-hub.ts";
import type { HistoryData } from "../../../protocol/history.ts";
import type { EnrolRequest, JobSpec } from "../../../protocol/messages.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import { type EventTarget, momentOf } from "../kernel/event-heap.ts";
import { Fifo } from "../kernel/fifo.ts";
import type { PlanStepOf } from "../plan/plan.ts";
import type { Connection } from "./agent-stream.ts";
import type { BrokerCall } from "./broker-call.ts";
import { CommitGroups } from "./commit-groups.ts";
import { Fuse } from "./fuse.ts";
import { behaviourOf, chainOf } from "./job-behaviours.ts";
import type { Link } from "./link.ts";
import type { Network, RequestTaker } from "./network.ts";
import { Stall } from "./stall.ts";
import { copyOfBatch, Store } from "./store.ts";
import type { HistorySource, World } from "./world.ts";

const ticks = 1;
const committed = 2;
const starts = 3;
const arrivesLate = 4;

/** Every so many inputs the whole state is looked at, not only what was touched. */
const wholeLookEvery = 512;

const nothing: readonly never[] = [];

/** One request that is being answered, or something that the broker was asked without a network in between. */
interface Reply {
  readonly call: BrokerCall;
  readonly link: Link;
  readonly response: BrokerResponse;
}

interface Waiting {
  readonly later: readonly LaterEffect[];
  readonly reply: Reply | null;
  atMs: number;
}

interface Unwritten {
  readonly batch: StoreBatch;
  /** When it is in the store. */
  atMs: number;
}

/** The broker's process on its own machine: hands inputs to the reducer, writes first, and only then does the rest. */
export class BrokerBody implements EventTarget, RequestTaker {
  readonly #world: World;
  readonly #network: Network;
  readonly #stream: ChoiceStream;
  readonly #store: Store;
  readonly #onReleased: (released: HistoryData<"broker.released">) => void;
  readonly #fuse = new Fuse();
  readonly #unwritten = new Fifo<Unwritten>();
  /** What was decided and waits for its commit, in order. */
  readonly #waiting = new Fifo<Waiting>();
  #deciding: readonly Effect[] = nothing;
  readonly #telling: { later: readonly Effect[]; next: number } = { later: nothing, next: 0 };
  #state: BrokerState | null = null;
  #hub: EventHub | null = null;
  #source: HistorySource;
  #boots = 0;
  /** The coverage's cell of the last input. */
  #cell = 0;
  #clockOffsetMs = 0;
  readonly #commits: CommitGroups;
  readonly #stall: Stall;
  #alarmDueMs = Infinity;
  #alarmEventMs = Infinity;
  /** How often it is looked at as a whole. */
  #untilWholeLook = wholeLookEvery;

  constructor(
    world: World,
    network: Network,
    {
      storeFails,
      onReleased,
    }: {
      /** Whether the store may have to take writes back. */
      storeFails: boolean;
      onReleased: (released: HistoryData<"broker.released">) => void;
    },
  ) {
    this.#onReleased = onReleased;
    this.#world = world;
    this.#network = network;
    this.#stream = world.tape.stream("broker");
    this.#commits = new CommitGroups(world, this.#stream);
    this.#stall = new Stall(world, this, () => this.#armAlarm());
    this.#store = new Store({ keepsUndos: storeFails });
    this.#source = { actor: "broker", name: "broker-0", clockOffsetMs: 0, nextSequence: 0 };
    network.broker = this;
  }

  get isUp(): boolean {
    return this.#state !== null;
  }

  /** For reading only; null while it is down. */
  get state(): BrokerState | null {
    return this.#state;
  }

  start(): void {
    this.#boots += 1;
    const boot = `b${this.#boots}`;
    const source = {
      actor: "broker",
      name: `broker-${boot}`,
      clockOffsetMs: this.#clockOffsetMs,
      nextSequence: 0,
    } as const;
    this.#source = source;
    const { timing } = this.#world.options;
    const nowMs = this.#world.wallMs(this.#clockOffsetMs);
    this.#state = startBrokerState({ timing, boot, nowMs, ...this.#store.load() });
    this.#hub = new EventHub(boot);
    this.#world.record(source, "broker.started", { url: "simulated", store: "simulated", pid: this.#boots });
    this.ask({ type: "tick" });
  }

  /** Takes jobs from a submitter; none while it is down. */
  submit(jobs: readonly JobSpec[]): string[] {
    const response = this.ask({ type: "submit", jobs });
    return response?.ok === true ? response.answer.jobIds : [];
  }

  /** kill -9, after so many effects more. It comes back after `downMs`. */
  kill(
    { afterEffects, edge, downMs }: Pick<PlanStepOf<"kill-broker">, "afterEffects" | "edge" | "downMs">,
    died: () => void,
  ): void {
    if (this.#state !== null && afterEffects > 0) {
      this.#fuse.light({ effects: afterEffects, edge, die: () => this.#dieOverInput(downMs, died) });
      return;
    }
    this.#die(downMs);
    died();
  }

  /** What was lit and did not burn down is put out. */
  disarm(): void {
    this.#fuse.putOut();
  }

  /** Ends, and comes back with a store that forgot its last commits. */
  loseStore({ downMs, writes }: PlanStepOf<"lose-store">): string[] {
    if (this.#state !== null) this.#die(downMs);
    return this.#store.forget(writes);
  }

  stall(forMs: number): void {
    // Who is not there cannot stand still.
    if (this.isUp) this.#stall.begin(forMs);
  }

  /** Whatever stands still goes on. */
  wake(): void {
    this.#stall.end();
    const { nowMs, heap } = this.#world;
    if (!this.#commits.isStalled) return;
    this.#commits.wake();
    for (const one of this.#unwritten) one.atMs = nowMs;
    for (const one of this.#waiting) one.atMs = nowMs;
    heap.push(nowMs, this, committed, null);
  }

  stallStore(forMs: number): void {
    this.#commits.stall(forMs);
  }

  /** The wall clock of its machine is set; a running process goes by its monotonic one. */
  jumpClock(byMs: number): void {
    this.#clockOffsetMs += byMs;
  }

  /** The operator's call, which meets no network. Undefined while the broker is down. */
  ask<T extends BrokerInputType>(input: BrokerInput<T>): BrokerResponse<T> | undefined {
    if (this.#state === null) return undefined;
    return this.#handle(input, null);
  }

  take(call: BrokerCall, message: unknown, link: Link): void {
    if (this.#stall.isOn) {
      this.#network.watch(call);
      this.#stall.defer(arrivesLate, { call, message, link });
      return;
    }
    if (call.route === "put-blobs") this.#putBlobs(call, message as { digest: string; bytes: number }[], link);
    else if (call.route === "get-blobs") this.#getBlobs(call, message as string[], link);
    else if (call.route === "events") this.#openEvents(call, message as Connection, link);
    else this.#handle(inputOf(call, message), { call, link });
  }

  /** The agent's machine closed the stream. */
  streamClosed(agentId: string, connection: Connection): void {
    if (this.#hub?.disconnected(agentId, connection) === true) this.ask({ type: "disconnected", agentId });
  }

  happen(what: number, detail: unknown): void {
    if (what === starts) {
      if (this.#state === null) this.start();
    } else if (this.isUp && this.#stall.isOn) this.#missed(what, detail);
    else if (what === ticks) this.#tick();
    else if (what === committed) this.#finishCommitted();
    else {
      const { call, message, link } = detail as { call: BrokerCall; message: unknown; link: Link };
      if (this.isUp) this.take(call, message, link);
      else this.#network.refuse(call, link);
    }
  }

  /** Something happened while it stood still. */
  #missed(what: number, detail: unknown): void {
    if (what === ticks) {
      if (this.#alarmEventMs === this.#world.nowMs) this.#alarmEventMs = Infinity;
      return;
    }
    if (what === committed) for (const { reply } of this.#waiting) if (reply !== null) this.#network.watch(reply.call);
    this.#stall.defer(what, detail);
  }

  #finishCommitted(): void {
    for (;;) {
      const next = this.#waiting.first;
      if (next === undefined || next.atMs > this.#world.nowMs) return;
      this.#waiting.take();
      this.#finish(next.later, next.reply);
    }
  }

  /** Looks at the whole of what it knows. */
  assertInvariants(): void {
    if (this.#state !== null) assertInvariants(this.#state);
  }

  #handle<T extends BrokerInputType>(
    input: BrokerInput<T>,
    asked: { call: BrokerCall; link: Link } | null,
  ): BrokerResponse<T> {
    const world = this.#world;
    const state = this.#state as BrokerState;
    world.steps += 1;
    this.#cell = world.coverage.broker(input.type, world.faults.current);
    const { effects, response } = apply(state, input, world.wallMs(this.#source.clockOffsetMs));
    this.#untilWholeLook -= 1;
    if (this.#untilWholeLook <= 0) {
      this.#untilWholeLook = Math.max(wholeLookEvery, 4 * (state.jobs.size + state.agents.size));
      assertInvariants(state);
    }
    const reply = asked === null ? null : { call: asked.call, link: asked.link, response };
    this.#carryOut(effects, reply);
    return response;
  }

  #carryOut(effects: readonly Effect[], reply: Reply | null): void {
    const world = this.#world;
    const later = effects.every(isLater) ? effects : effects.filter(isLater);
    this.#deciding = effects;
    for (const effect of effects) {
      if (this.#fuse.burns("before")) return this.#diedOver(reply);
      if (effect.kind === "persist") this.#write(effect.batch);
      else if (effect.kind === "alarm") this.#setAlarm(effect.atMs);
      if (this.#fuse.burns("after")) return this.#diedOver(reply);
    }
    this.#deciding = nothing;
    // In the order of the decisions, even when an earlier one is committed at this very moment.
    const { idleAtMs } = this.#commits;
    if (idleAtMs <= world.nowMs && this.#waiting.size === 0) this.#finish(later, reply);
    else {
      const atMs = Math.max(world.nowMs, idleAtMs);
      this.#waiting.push({ later, reply, atMs });
      if (reply !== null && idleAtMs > reply.call.deadlineMs) this.#network.watch(reply.call);
      world.heap.push(atMs, this, committed, null);
    }
  }

  /** The records change with the next input, so they are copied here and now; they are in the store a little later. */
  #write(batch: StoreBatch): void {
    const atMs = this.#commits.write();
    this.#flush();
    this.#unwritten.push({ batch: copyOfBatch(batch), atMs });
  }

  #flush(): void {
    const unwritten = this.#unwritten;
    for (let next = unwritten.first; next !== undefined && next.atMs <= this.#world.nowMs; next = unwritten.first) {
      this.#store.commit(next.batch);
      unwritten.take();
    }
  }

  /** What was on its way to the store when the process died got there, or the last of it did not. */
  #flushSome(): void {
    this.#flush();
    const lost = this.#stream.upTo("unwritten", this.#unwritten.size);
    const written = [...this.#unwritten].slice(0, this.#unwritten.size - lost);
    for (const { batch } of written) this.#store.commit(batch);
    this.#unwritten.clear();
  }

  /** Steps that are in the store, and that the history will never hear of. */
  #loseHistory(): void {
    const subjects = new Set<string>();
    const { later, next } = this.#telling;
    for (const effect of [...later.slice(next), ...this.#deciding, ...[...this.#waiting].flatMap((one) => one.later)]) {
      if (effect.kind !== "history") continue;
      const { data } = effect.entry;
      if ("jobId" in data) subjects.add(data.jobId);
      if ("agentId" in data && typeof data.agentId === "string") subjects.add(data.agentId);
    }
    this.#deciding = nothing;
    this.#telling.later = nothing;
    this.#telling.next = 0;
    if (subjects.size === 0) return;
    this.#world.record(this.#world.harness, "fault.applied", {
      fault: "lose-history",
      target: "broker",
      detail: "what was decided last is in the store and was not told",
      subjects: [...subjects].sort(),
    });
  }

  #diedOver(reply: Reply | null): void {
    if (reply !== null) this.#network.refuse(reply.call, reply.link);
  }

  #finish(later: readonly LaterEffect[], reply: Reply | null): void {
    const telling = this.#telling;
    for (let next = 0; next < later.length; next += 1) {
      telling.later = later;
      telling.next = next;
      if (this.#fuse.burns("before")) return this.#diedOver(reply);
      this.#perform(later[next] as LaterEffect);
      telling.next += 1;
      if (this.#fuse.burns("after")) return this.#diedOver(reply);
    }
    if (reply !== null) this.#network.answer(reply.call, reply.response, reply.link);
  }

  #perform(effect: LaterEffect): void {
    switch (effect.kind) {
      case "history":
        this.#world.record(this.#source, effect.entry.type, effect.entry.data);
        if (effect.entry.type === "broker.job" && effect.entry.data.to === "completed") {
          this.#checkResult(effect.entry.data.jobId);
        } else if (effect.entry.type === "broker.released") this.#onReleased(effect.entry.data);
        return;
      case "push":
        this.#hub?.push(effect.agentId, effect.event);
        return;
      case "new-instance":
        this.#hub?.startInstance(effect.agentId);
        return;
      case "disconnect":
        this.#hub?.forget(effect.agentId);
        return;
      case "remove-blob":
        // A digest that came back meanwhile stays.
        if (this.#state?.blobs.has(effect.digest) !== true) this.#store.removeBlob(effect.digest);
        return;
    }
  }

  /** Compares what was handed in with what the job really does. */
  #checkResult(jobId: string): void {
    const job = this.#state?.jobs.get(jobId);
    if (job === undefined) return;
    const { chain, startedFrom } = JSON.parse(job.result ?? "{}") as { chain?: string; startedFrom?: number };
    const correct = chain === chainOf(jobId, behaviourOf(job.job));
    this.#world.record(this.#world.harness, "witness.result", {
      jobId,
      correct,
      startedFrom: startedFrom ?? null,
      detail: correct ? "as computed" : `the result is ${job.result ?? "missing"}`,
    });
  }

  #putBlobs(call: BrokerCall, blobs: readonly { digest: string; bytes: number }[], link: Link): void {
    for (const { digest, bytes } of blobs) {
      this.#store.putBlob(digest, bytes);
      this.ask({ type: "blob-seen", digest, bytes });
    }
    this.#network.answer(call, { ok: true, answer: { ok: true } }, link);
  }

  #getBlobs(call: BrokerCall, digests: readonly string[], link: Link): void {
    const missing = digests.find((digest) => !this.#store.hasBlob(digest));
    const response: BrokerResponse =
      missing === undefined
        ? { ok: true, answer: { ok: true } }
        : { ok: false, code: "not-found", message: `There is no blob ${missing}.` };
    this.#network.answer(call, response, link);
  }

  #openEvents(call: BrokerCall, connection: Connection, link: Link): void {
    const { caller } = call.from;
    const response = this.#handle({ type: "connected", caller }, { call, link });
    if (response.ok) this.#hub?.connect(caller.agentId, connection, connection.lastEventId);
  }

  #tick(): void {
    const { nowMs } = this.#world;
    // An event of an earlier setting, which a later one made void.
    if (this.#alarmEventMs !== nowMs) return;
    this.#alarmEventMs = Infinity;
    if (this.#alarmDueMs > nowMs) this.#armAlarm();
    else {
      this.#alarmDueMs = Infinity;
      this.ask({ type: "tick" });
    }
  }

  #setAlarm(atMs: number | null): void {
    const { nowMs } = this.#world;
    const wallMs = this.#world.wallMs(this.#source.clockOffsetMs);
    this.#alarmDueMs = atMs === null ? Infinity : momentOf(Math.max(nowMs, nowMs + (atMs - wallMs)));
    this.#armAlarm();
  }

  #armAlarm(): void {
    if (this.#alarmDueMs === Infinity || this.#alarmEventMs <= this.#alarmDueMs) return;
    this.#alarmEventMs = Math.max(this.#world.nowMs, this.#alarmDueMs);
    this.#world.heap.push(this.#alarmEventMs, this, ticks, null);
  }

  #dieOverInput(downMs: number, died: () => void): void {
    this.#world.coverage.crash(this.#cell);
    this.#die(downMs);
    died();
  }

  #die(downMs: number): void {
    if (this.#state === null) return;
    this.#fuse.putOut();
    this.#state = null;
    this.#flushSome();
    const hub = this.#hub;
    this.#hub = null;
    this.#alarmDueMs = Infinity;
    this.#alarmEventMs = Infinity;
    this.#commits.clear();
    this.#stall.end();
    this.#world.record(this.#source, "broker.stopped", { reason: "killed" });
    this.#loseHistory();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { reply } of waiting) {
      if (reply !== null) this.#network.refuse(reply.call, reply.link);
    }
    // The kernel closes its sockets: every stream breaks.
    hub?.closeAll();
    this.#world.heap.push(this.#world.nowMs + downMs, this, starts, null);
  }
}

function isLater(effect: Effect): effect is LaterEffect {
  return effect.kind !== "persist" && effect.kind !== "alarm";
}

function inputOf(call: BrokerCall, message: unknown): BrokerInput {
  const { caller } = call.from;
  const { route, leaseId } = call;
  if (route === "enrol") {
    const { joinToken: _joinToken, ...rest } = message as EnrolRequest;
    return { type: "enrol", caller, message: rest, joinTokenMatches: true, revocationVerified: true };
  }
  if (route === "withdraw") return { type: "withdraw", caller, message, revocationVerified: true } as BrokerInput;
  return { type: route, caller, leaseId, message } as BrokerInput;
}
