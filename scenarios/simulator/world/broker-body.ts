import { assert } from "../../../foundation/assert.ts";
import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import { admit } from "../../../broker-sim/core/callers.ts";
import {
  type BrokerInput,
  type BrokerInputType,
  type BrokerResponse,
  isFact,
} from "../../../broker-sim/core/inputs.ts";
import { assertInvariants } from "../../../broker-sim/core/invariants.ts";
import { agentViews, jobViews } from "../../../broker-sim/core/views.ts";
import type { AgentView, JobSpec, JobView } from "../../../protocol/messages.ts";
import { sometimes } from "../../../foundation/sometimes.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import type { PlanStepOf } from "../plan/plan.ts";
import type { Reply } from "./commit-line.ts";
import type { Connection } from "./agent-stream.ts";
import type { BrokerCall } from "./broker-call.ts";
import { BrokerDecisions, storeAway } from "./broker-decisions.ts";
import { brokerInputOf } from "./broker-input.ts";
import { BrokerProcess, type BrokerProcessOptions } from "./broker-process.ts";
import { blobBytesMax, takeChunk } from "./broker-uploads.ts";
import type { ChunkMessage } from "./chunk-message.ts";
import { Fuse } from "./fuse.ts";
import type { Link } from "./link.ts";
import type { Network, RequestTaker } from "./network.ts";
import { type HostReport, Spawner } from "./spawner.ts";
import { Stall } from "./stall.ts";
import { Store } from "./store.ts";
import type { World } from "./world.ts";

/** The number of its one timer's events. */
const ticks = 0;
const committed = 1;
const starts = 2;
const arrivesLate = 3;
const impatient = 4;
const hostReports = 5;

const nothing: readonly never[] = [];

/** The broker on its own machine. Its process comes and goes; its store stays. */
export class BrokerBody implements EventTarget, RequestTaker {
  /** Whether its store may lose what it held. */
  readonly mayForget: boolean;
  readonly #world: World;
  readonly #network: Network;
  readonly #store: Store;
  readonly #decisions: BrokerDecisions;
  readonly #told: Pick<BrokerProcessOptions, "onReleased" | "onPauseAcknowledged">;
  readonly #fuse = new Fuse();
  readonly #stall: Stall;
  /** What it starts on its machine stays when it goes. */
  readonly spawner: Spawner;
  /** Null while it is down. */
  #process: BrokerProcess | null = null;
  #boots = 0;
  #clockOffsetMs = 0;
  /** The latest moment at which what is committed by then is told; one event is enough for all that waits for it. */
  #tellsAtMs = 0;
  /** Until when its process knows that the store is away. */
  #awayUntilMs = 0;
  #refusedAway = 0;

  constructor(
    world: World,
    network: Network,
    {
      storeFails,
      onReleased,
      onPauseAcknowledged,
    }: {
      /** Whether the store may have to take writes back. */
      storeFails: boolean;
      onReleased: BrokerProcessOptions["onReleased"];
      onPauseAcknowledged: BrokerProcessOptions["onPauseAcknowledged"];
    },
  ) {
    this.#told = { onReleased, onPauseAcknowledged };
    this.#world = world;
    this.#network = network;
    this.mayForget = storeFails;
    this.#store = new Store({ keepsUndos: storeFails });
    this.#decisions = new BrokerDecisions(world, {
      network,
      store: this.#store,
      fuse: this.#fuse,
      onWait: (untilMs) => this.#awaitCommit(untilMs),
      onPatience: (untilMs) => world.heap.push(untilMs, this, impatient, null),
    });
    this.#stall = new Stall(world, this, () => this.#process?.timers.rearm());
    this.spawner = new Spawner(world, (to, report, atMs) => {
      world.heap.push(atMs, this, hostReports, { to, report });
    });
    network.broker = this;
  }

  get isUp(): boolean {
    return this.#process !== null;
  }

  /** For reading only; null while it is down. */
  get state(): BrokerState | null {
    return this.#process?.state ?? null;
  }

  /** What its operator is shown; null while it is down, and while something that it decided is not told yet. */
  shown(): (Readonly<Record<"jobs" | "dead", readonly JobView[]>> & { readonly agents: readonly AgentView[] }) | null {
    const { state } = this;
    if (state === null || this.#stall.isOn || this.#decisions.isWaiting) return null;
    this.assertInvariants();
    return { jobs: jobViews(state), dead: jobViews(state, { onlyDead: true }), agents: agentViews(state) };
  }

  /** What its own clock shows; null while it is down. */
  get wallMs(): number | null {
    return this.#process?.wallMs ?? null;
  }

  start(): void {
    this.#boots += 1;
    this.#process = new BrokerProcess(this.#world, this, {
      store: this.#store,
      spawner: this.spawner,
      boots: this.#boots,
      clockOffsetMs: this.#clockOffsetMs,
      ...this.#told,
    });
    this.ask({ type: "tick" });
    for (const seen of this.spawner.lookAround(this.#process)) this.ask(seen);
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
    if (this.isUp && afterEffects > 0) {
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
    this.#die(downMs);
    return this.#store.forget(writes);
  }

  /** How much its store has taken, where it may have to take that back. */
  get commits(): number {
    // What is due by now is written when somebody looks.
    this.#decisions.flush();
    return this.#store.commits;
  }

  /** What a store that stands still, or is away, has kept from being written or accepted. */
  get stalledCommits(): number {
    return this.#decisions.stalledWrites + this.#refusedAway;
  }

  get isStalled(): boolean {
    return this.#stall.isOn;
  }

  stall(forMs: number): void {
    // Who is not there cannot stand still.
    if (this.isUp) this.#stall.begin(forMs);
  }

  /** Whatever stands still goes on. */
  wake(): void {
    this.#awayUntilMs = 0;
    this.#stall.end();
    this.#decisions.wakeStore();
  }

  stallStore({ forMs, away = false }: Pick<PlanStepOf<"stall-store">, "forMs" | "away">): void {
    this.#decisions.stallStore(forMs);
    if (away) this.#awayUntilMs = Math.max(this.#awayUntilMs, this.#world.nowMs + forMs);
  }

  /** The wall clock of its machine is set; a running process goes by its monotonic one. */
  jumpClock(byMs: number): void {
    this.#clockOffsetMs += byMs;
  }

  /** The operator's call, which meets no network. Undefined while the broker is down. */
  ask<T extends BrokerInputType>(input: BrokerInput<T>): BrokerResponse<T> | undefined {
    if (!this.isUp) return undefined;
    if (this.#isAway && !isFact(input.type)) {
      this.#refusedAway += 1;
      return storeAway;
    }
    return this.#handle(input, null);
  }

  take(call: BrokerCall, message: unknown, link: Link): void {
    if (this.#stall.isOn) {
      this.#network.watch(call);
      this.#stall.defer(arrivesLate, { call, message, link });
      return;
    }
    if (this.#isAway && call.route !== "get-blobs") this.#refuseAway(call, link);
    else if (call.route === "upload-chunk") this.#takeChunk(call, message as ChunkMessage, link);
    else if (call.route === "upload-ask") {
      const { caller } = call.from;
      const { digest } = message as { digest: string };
      this.#handle({ type: "upload-asked", caller, leaseId: call.leaseId, digest }, { call, link });
    } else if (call.route === "get-blobs") this.#getBlobs(call, message as string[], link);
    else if (call.route === "events") this.#openEvents(call, message as Connection, link);
    else {
      const isKnown = this.state?.agents.has(call.from.caller.agentId) === true;
      this.#handle(brokerInputOf(call, { message, isKnown }), { call, link });
    }
  }

  /** The agent's machine closed the stream. */
  streamClosed(agentId: string, connection: Connection): void {
    connection.isClosed = true;
    if (this.#process?.disconnected(agentId, connection) === true) this.ask({ type: "disconnected", agentId });
  }

  happen(what: number, detail: unknown): void {
    if (what === committed && this.#tellsAtMs <= this.#world.nowMs) this.#tellsAtMs = 0;
    if (what === starts) {
      if (!this.isUp) this.start();
    } else if (this.isUp && this.#stall.isOn) this.#missed(what, detail);
    else if (what === arrivesLate) {
      const { call, message, link } = detail as { call: BrokerCall; message: unknown; link: Link };
      if (this.isUp) this.take(call, message, link);
      else this.#network.refuse(call, link);
    } else if (this.#process === null) return;
    else if (what === hostReports) {
      const { to, report } = detail as { to: object; report: HostReport };
      if (to === this.#process) this.ask(report);
    } else if (what === committed) this.#decisions.finishCommitted(this.#process);
    else if (what === impatient) this.#decisions.answerLate(this.#process);
    else if (this.#process.timers.take(what) === "alarm") this.ask({ type: "tick" });
  }

  #awaitCommit(untilMs: number): void {
    if (untilMs === this.#tellsAtMs) return;
    this.#tellsAtMs = untilMs;
    this.#world.heap.push(untilMs, this, committed, null);
  }

  /** Something happened while it stood still. */
  #missed(what: number, detail: unknown): void {
    if (what === ticks) {
      this.#process?.timers.miss(what);
      return;
    }
    if (what === committed) this.#decisions.watchWaiting();
    this.#stall.defer(what, detail);
  }

  /** Looks at the whole of what it knows. */
  assertInvariants(): void {
    const process = this.#process;
    if (process === null) return;
    assertInvariants(process.state);
    if (this.#decisions.isWaiting) return;
    process.assertStreams();
    this.#decisions.flush();
    this.#store.assertHolds(process.state);
    for (const digest of this.#store.digests()) {
      assert(process.state.blobs.has(digest), "the store keeps what the broker knows of");
    }
  }

  get #isAway(): boolean {
    return this.#awayUntilMs > this.#world.nowMs;
  }

  /** Nothing is decided that could not be written; who signed is proved before. */
  #refuseAway(call: BrokerCall, link: Link): void {
    const process = this.#process as BrokerProcess;
    this.#refusedAway += 1;
    const admitted = call.route === "enrol" ? storeAway : admit(process.state, call.from.caller);
    // What is not written yet is told to nobody.
    const refusal = admitted.ok || this.#decisions.isWaiting ? storeAway : admitted;
    sometimes("a request found the store away");
    process.noteRefusal(call, refusal.code);
    this.#network.answer(call, refusal, link);
  }

  #handle<T extends BrokerInputType>(input: BrokerInput<T>, asked: Omit<Reply, "response"> | null): BrokerResponse<T> {
    const process = this.#process as BrokerProcess;
    const { effects, response } = process.decide(input);
    this.#decisions.carryOut(process, effects, asked === null ? null : replyOf(asked, response));
    return response;
  }

  #takeChunk(call: BrokerCall, message: ChunkMessage, link: Link): void {
    const process = this.#process as BrokerProcess;
    if (message.chunk.length > blobBytesMax) {
      this.#network.answer(call, { ok: false, code: "too-large", message: "The blob is larger than allowed." }, link);
      return;
    }
    const response = takeChunk(
      { store: this.#store, decide: (input) => this.#handle(input, null), isAlive: () => this.#process === process },
      call,
      message,
    );
    if (response === null) this.#network.refuse(call, link);
    else this.#decisions.carryOut(process, nothing, { call, response, link });
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
    const process = this.#process as BrokerProcess;
    process.arrive(caller.agentId, connection);
    // What was decided before may close the stream of an earlier instance.
    const over = (isGranted: boolean): void => {
      if (isGranted) process.connect(caller.agentId, connection);
      else process.turnAway(caller.agentId, connection);
      // It was admitted, and the store was away too long for that to be told.
      if (!isGranted && this.#process === process && !process.hasOrAwaitsStream(caller.agentId)) {
        this.ask({ type: "disconnected", agentId: caller.agentId });
      }
      // It closed while it was being admitted.
      if (connection.isClosed) this.streamClosed(caller.agentId, connection);
    };
    this.#handle({ type: "connected", caller }, { call, link, over });
  }

  #dieOverInput(downMs: number, died: () => void): void {
    this.#world.coverage.crash((this.#process as BrokerProcess).cell, this.#world.faults.current);
    this.#die(downMs);
    died();
  }

  #die(downMs: number): void {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    this.spawner.orphan();
    this.#fuse.putOut();
    this.#stall.end();
    this.#store.uploads.losePower(this.#world.tape.stream("uploads"));
    this.#world.record(process.source, "broker.stopped", { reason: "killed" });
    this.#decisions.breakOff();
    process.closeStreams();
    this.#world.heap.push(this.#world.nowMs + downMs, this, starts, null);
  }
}

/** Field by field: a spread would be paid for at every request. */
function replyOf({ call, link, over }: Omit<Reply, "response">, response: BrokerResponse): Reply {
  return over === undefined ? { call, link, response } : { call, link, response, over };
}
