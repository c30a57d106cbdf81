import { apply } from "../../../broker-sim/core/apply.ts";
import { type BrokerState, startBrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect, LaterEffect } from "../../../broker-sim/core/effects.ts";
import type { BrokerInput, BrokerInputType, BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import { assertInvariants } from "../../../broker-sim/core/invariants.ts";
import { EventHub } from "../../../broker-sim/io/event-hub.ts";
import { assert, unreachable } from "../../../foundation/assert.ts";
import type { HistoryData } from "../../../protocol/history.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import type { Connection } from "./agent-stream.ts";
import type { BrokerCall } from "./broker-call.ts";
import { demandAnswer } from "./broker-answer-forms.ts";
import { beforeOf } from "./decided.ts";
import { auditDecision } from "./decision-audit.ts";
import { witnessResult } from "./result-witness.ts";
import type { Store } from "./store.ts";
import type { Spawner } from "./spawner.ts";
import { Timers } from "./timers.ts";
import type { HistorySource, World } from "./world.ts";

/** The decisions about a fleet are too many to look at each; small casts show the same. */
const auditedAgentsMax = 64;

/** Every so many inputs the whole state is looked at, not only what was touched. */
const wholeLookEvery = 512;

export interface BrokerProcessOptions {
  readonly store: Store;
  readonly spawner: Spawner;
  /** Which start of the broker this is, from 1. */
  readonly boots: number;
  readonly clockOffsetMs: number;
  readonly onReleased: (released: HistoryData<"broker.released">) => void;
  readonly onPauseAcknowledged: (acknowledged: HistoryData<"broker.pause-acknowledged">) => void;
}

/**
 * One process start of the broker: what it knows, whom it streams events to, what it is called in the history. All of
 * it dies with the process.
 */
export class BrokerProcess {
  readonly state: BrokerState;
  readonly source: HistorySource;
  readonly timers: Timers<"alarm">;
  /** The coverage's cell of the last input. */
  cell = 0;
  readonly #world: World;
  readonly #hub: EventHub;
  readonly #store: Store;
  readonly #spawner: Spawner;
  readonly #onReleased: BrokerProcessOptions["onReleased"];
  readonly #onPauseAcknowledged: BrokerProcessOptions["onPauseAcknowledged"];
  #untilWholeLook = wholeLookEvery;

  /** @param body what the timers' events go to */
  constructor(
    world: World,
    body: EventTarget,
    { store, spawner, boots, clockOffsetMs, onReleased, onPauseAcknowledged }: BrokerProcessOptions,
  ) {
    const boot = `b${boots}`;
    this.#world = world;
    this.#store = store;
    this.#spawner = spawner;
    this.#onReleased = onReleased;
    this.#onPauseAcknowledged = onPauseAcknowledged;
    this.timers = new Timers(world, body, ["alarm"]);
    this.#hub = new EventHub(boot);
    this.source = { actor: "broker", name: `broker-${boot}`, clockOffsetMs, nextSequence: 0 };
    const stored = store.load();
    this.state = startBrokerState({ timing: world.options.timing, boot, nowMs: this.wallMs, ...stored });
    for (const upload of stored.uploads) if (!this.state.uploads.has(upload)) store.uploads.remove(upload);
    assertInvariants(this.state);
    world.record(this.source, "broker.started", { url: "simulated", store: "simulated", pid: boots });
  }

  /** Its own wall clock: set once at its start, it goes by the monotonic one. */
  get wallMs(): number {
    return this.#world.wallMs(this.source.clockOffsetMs);
  }

  get #isAudited(): boolean {
    return this.#world.options.agents <= auditedAgentsMax;
  }

  /** Hands the brain an input. Nothing of what it decides is carried out yet. */
  decide<T extends BrokerInputType>(input: BrokerInput<T>): { effects: Effect[]; response: BrokerResponse<T> } {
    const { state } = this;
    const world = this.#world;
    world.steps += 1;
    this.cell = world.coverage.broker(input.type, world.faults.current);
    const before = this.#isAudited ? beforeOf(state, input) : null;
    const dueSinceMs = (state.alarms.nextAtMs() ?? Infinity) > this.wallMs ? null : state.nowMs;
    const turn = apply(state, input, this.wallMs);
    demandAnswer(input.type, turn.response);
    if (this.#isAudited) auditDecision({ state, input, before, dueSinceMs, effects: turn.effects }, turn.response);
    this.#untilWholeLook -= 1;
    if (this.#untilWholeLook <= 0) {
      // A look costs as much as there is to look at, so that its share stays the same in large worlds.
      this.#untilWholeLook = Math.max(wholeLookEvery, 4 * (state.jobs.size + state.agents.size));
      assertInvariants(state);
    }
    return turn;
  }

  /** Wakes the brain at that time by its own clock, instead of any other; null for never. */
  setAlarm(atMs: number | null): void {
    if (atMs === null) this.timers.clear("alarm");
    else {
      assert(Number.isFinite(atMs), "an alarm is set to a time");
      this.timers.set("alarm", Math.max(0, atMs - this.wallMs));
    }
  }

  /** Carries out what had to wait for the store. */
  perform(effect: LaterEffect): void {
    switch (effect.kind) {
      case "history":
        this.#world.record(this.source, effect.entry.type, effect.entry.data);
        this.#witness(effect.entry);
        return;
      case "push":
        this.#hub.push(effect.agentId, effect.event);
        return;
      case "new-instance":
        this.#hub.startInstance(effect.agentId);
        return;
      case "disconnect":
        this.#hub.forget(effect.agentId);
        return;
      case "spawn-process":
      case "kill-process":
        this.#spawner.perform(this, effect);
        return;
      case "publish":
        // Nobody subscribes here; that it is said at each step, and of what is stored, the decisions' audit looks at.
        return;
      case "remove-upload":
        // One that began anew meanwhile stays.
        if (!this.state.uploads.has(effect.key)) this.#store.uploads.remove(effect.key);
        return;
      case "remove-blob":
        // A digest that came back meanwhile stays.
        if (!this.state.blobs.has(effect.digest)) this.#store.removeBlob(effect.digest);
        return;
      default:
        unreachable(effect);
    }
  }

  /** The real one's server records whom it refuses, too. */
  noteRefusal({ from, route }: BrokerCall, code: string): void {
    this.#world.record(this.source, "broker.refused", { agentId: from.caller.agentId, route, code });
  }

  hasOrAwaitsStream(agentId: string): boolean {
    return this.#hub.hasOrAwaits(agentId);
  }

  arrive(agentId: string, connection: Connection): void {
    this.#hub.arrive(agentId, connection);
  }

  turnAway(agentId: string, connection: Connection): void {
    this.#hub.turnAway(agentId, connection);
  }

  connect(agentId: string, connection: Connection): void {
    this.#hub.connect(agentId, connection, connection.lastEventId);
  }

  /** @returns whether this was the agent's latest connection */
  disconnected(agentId: string, connection: Connection): boolean {
    return this.#hub.disconnected(agentId, connection);
  }

  /** The brain knows who can be woken: whoever has a stream. */
  assertStreams(): void {
    for (const { agentId, isConnected } of this.state.agents.values()) {
      assert(isConnected === this.#hub.hasStream(agentId), `the broker knows of the stream of ${agentId}`);
    }
  }

  /** The process is gone, and the kernel closes its sockets: every stream breaks. */
  closeStreams(): void {
    this.#hub.closeAll();
  }

  #witness(entry: Extract<LaterEffect, { kind: "history" }>["entry"]): void {
    if (entry.type === "broker.job" && (entry.data.to === "completed" || entry.data.to === "failed")) {
      const job = this.state.jobs.get(entry.data.jobId);
      if (job !== undefined) witnessResult(this.#world, job);
    } else if (entry.type === "broker.released") this.#onReleased(entry.data);
    else if (entry.type === "broker.pause-acknowledged") this.#onPauseAcknowledged(entry.data);
  }
}
