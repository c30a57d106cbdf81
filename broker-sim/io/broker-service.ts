import type { Logger } from "pino";

import { executionEvents } from "../../protocol/executions.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import type { BrokerEvent } from "../../protocol/messages.ts";
import { apply } from "../core/apply.ts";
import type { BrokerState } from "../core/broker-state.ts";
import type { Effect, HistoryEntry, LaterEffect } from "../core/effects.ts";
import { type BrokerInput, type BrokerInputType, type BrokerResponse, isFact } from "../core/inputs.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import type { BrokerClock } from "./broker-clock.ts";
import { CommitQueue } from "./stores/commit-queue.ts";
import { EventHub } from "./event-hub.ts";
import { ExecutionEvents } from "./executions/execution-events.ts";
import { withSpan } from "./operations/tracing.ts";
import { ProblemError } from "./problems.ts";
import type { Spawner } from "./executions/spawner.ts";
import type { BrokerStore, StoreChange } from "./stores/store.ts";
import { assertWritable } from "./stores/store-wait.ts";

export interface BrokerServiceOptions {
  readonly state: BrokerState;
  readonly store: BrokerStore;
  readonly blobs: BlobStore;
  readonly clock: BrokerClock;
  readonly spawner: Pick<Spawner, "perform">;
  readonly record: RecordEvent;
  readonly log: Logger;
  /** Something failed that cannot be gone on from: what the broker decided and what its store holds differ. */
  readonly onFatal: (error: unknown) => void;
  /** Hears of every event that an agent's stream was handed. */
  readonly onEventSent?: (event: BrokerEvent["event"]) => void;
}

/** How long a broker that ends waits for a store that is away, in milliseconds. */
const closeMsMax = 2_000;

/** The reducer's body: hands it inputs one after the other and does what it decides. */
export class BrokerService {
  readonly hub: EventHub;
  readonly executionEvents: ExecutionEvents;
  readonly #options: BrokerServiceOptions;
  readonly #commits: CommitQueue;
  #cancelAlarm: () => void = () => undefined;
  #closed = false;
  readonly #removals = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: BrokerServiceOptions) {
    this.#options = options;
    this.#commits = new CommitQueue(options.store);
    this.hub = new EventHub(options.state.boot, options.onEventSent);
    this.executionEvents = new ExecutionEvents(options.state.boot);
  }

  /** For reading only. */
  get state(): BrokerState {
    return this.#options.state;
  }

  /**
   * Decides an input, writes what must be written, does the rest, and only then answers.
   *
   * @throws ProblemError `store-away`: while that is known nothing is decided; when the store goes away over a decision,
   *   it stands, and is carried out as soon as it is written
   */
  async handle<T extends BrokerInputType>(input: BrokerInput<T>): Promise<BrokerResponse<T>> {
    return await withSpan(`broker.${input.type}`, async () => await this.#handle(input));
  }

  async #handle<T extends BrokerInputType>(input: BrokerInput<T>): Promise<BrokerResponse<T>> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!isFact(input.type)) this.assertWritable();
    let response: BrokerResponse<T>;
    try {
      const { state, clock } = this.#options;
      const decided = apply(state, input, clock.nowMs());
      response = decided.response;
      const later: LaterEffect[] = [];
      for (const effect of decided.effects) {
        if (effect.kind === "persist") this.#commits.add(effect.batch, changesOf(decided.effects));
        else if (effect.kind === "alarm") this.#setAlarm(effect.atMs);
        else later.push(effect);
      }
      const told = this.#commits.settled().then(() => later.forEach((effect) => this.#perform(effect)));
      // What nobody waits for any more fails the broker, too.
      told.catch((error: unknown) => this.#fail(error));
      await this.#commits.settledInTime();
      await told;
    } catch (error) {
      if (!isAway(error)) this.#fail(error);
      throw error;
    }
    return response;
  }

  /** @throws ProblemError `store-away` */
  assertWritable(): void {
    assertWritable(this.#options.store);
  }

  /** It was found out elsewhere that the broker cannot go on. */
  fail(error: unknown): void {
    this.#fail(error);
  }

  /** Resolves when everything decided so far is in the store, so that no reader sees what a crash could take back. */
  async settled(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#commits.settledInTime();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelAlarm();
    this.hub.closeAll();
    this.executionEvents.closeAll();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeMsMax)));
    const settled = this.#commits.settled().catch(() => undefined);
    await (this.#options.store.outage() === null ? settled : Promise.race([settled, patience]));
    clearTimeout(timer);
    // Whoever starts next on the same files would find some that vanish while it looks at them.
    await Promise.all(this.#removals);
  }

  /**
   * What was decided and what is in the store are not the same any more: nothing is acknowledged from here on, and the
   * next start goes on from the store.
   */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#commits.fail(error);
    this.#cancelAlarm();
    this.#options.onFatal(error);
  }

  #setAlarm(atMs: number | null): void {
    this.#cancelAlarm();
    if (atMs === null || this.#closed) return;
    this.#cancelAlarm = this.#options.clock.wakeAt(atMs, () => {
      // A failure was reported to onFatal already.
      if (!this.#closed) this.handle({ type: "tick" }).catch(() => undefined);
    });
  }

  #perform(effect: LaterEffect): void {
    const { blobs, log, state } = this.#options;
    switch (effect.kind) {
      case "history":
        this.#record(effect.entry);
        return;
      case "push":
        this.hub.push(effect.agentId, effect.event);
        return;
      case "new-instance":
        this.hub.startInstance(effect.agentId);
        return;
      case "disconnect":
        this.hub.forget(effect.agentId);
        return;
      case "spawn-process":
      case "kill-process":
        this.#options.spawner.perform(effect);
        return;
      case "publish":
        this.executionEvents.publish({ event: effect.event, data: effect.execution });
        return;
      case "remove-upload":
        this.#removing(
          blobs
            .discard(effect.key)
            .catch((error: unknown) => log.warn({ err: error, ...effect.key }, "an upload could not be removed")),
        );
        return;
      case "remove-blob":
        this.#removing(
          blobs
            .remove(effect.digest, () => state.blobs.has(effect.digest))
            .catch((error: unknown) => log.warn({ err: error, digest: effect.digest }, "a blob could not be removed")),
        );
        return;
    }
  }

  /** Nobody waits for it but the end. */
  #removing(removal: Promise<void>): void {
    this.#removals.add(removal);
    void removal.then(() => this.#removals.delete(removal));
  }

  #record(entry: HistoryEntry): void {
    const { record, log } = this.#options;
    record(entry.type, entry.data);
    if (entry.type === "broker.heartbeat") log.debug(entry.data, entry.type);
    else log.info(entry.data, entry.type);
  }
}

/** What the store tells others of a decision. */
function changesOf(effects: readonly Effect[]): StoreChange[] {
  return effects.flatMap((effect): StoreChange[] => {
    if (effect.kind !== "history") return [];
    const { entry } = effect;
    if (entry.type === "broker.job") return [{ topic: `job.${entry.data.to}`, data: entry.data }];
    if (entry.type === "broker.execution") {
      const topic = executionEvents.find((name) => name === `agent.${entry.data.to}`);
      return topic === undefined ? [] : [{ topic, data: entry.data }];
    }
    return entry.type === "broker.agent" ? [{ topic: `agent.${entry.data.standing}`, data: entry.data }] : [];
  });
}

function isAway(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === "store-away";
}
