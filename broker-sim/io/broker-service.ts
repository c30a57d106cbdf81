import type { Logger } from "pino";

import type { RecordEvent } from "../../protocol/history-recorder.ts";
import { apply } from "../core/apply.ts";
import type { BrokerState } from "../core/broker-state.ts";
import type { HistoryEntry, LaterEffect } from "../core/effects.ts";
import type { BrokerInput, BrokerInputType, BrokerResponse } from "../core/inputs.ts";
import type { BlobStore } from "./blob-store.ts";
import type { BrokerClock } from "./broker-clock.ts";
import { CommitQueue } from "./commit-queue.ts";
import { EventHub } from "./event-hub.ts";
import { ExecutionEvents } from "./execution-events.ts";
import type { Spawner } from "./spawner.ts";
import type { BrokerStore } from "./store.ts";

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
}

/** The reducer's body: hands it inputs one after the other and does what it decides. */
export class BrokerService {
  readonly hub: EventHub;
  readonly executionEvents: ExecutionEvents;
  readonly #options: BrokerServiceOptions;
  readonly #commits: CommitQueue;
  #cancelAlarm: () => void = () => undefined;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: BrokerServiceOptions) {
    this.#options = options;
    this.#commits = new CommitQueue(options.store);
    this.hub = new EventHub(options.state.boot);
    this.executionEvents = new ExecutionEvents(options.state.boot);
  }

  /** For reading only. */
  get state(): BrokerState {
    return this.#options.state;
  }

  /** Decides an input, writes what must be written, does the rest, and only then answers. */
  async handle<T extends BrokerInputType>(input: BrokerInput<T>): Promise<BrokerResponse<T>> {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      const { state, clock } = this.#options;
      const decided = apply(state, input, clock.nowMs());
      const later: LaterEffect[] = [];
      for (const effect of decided.effects) {
        if (effect.kind === "persist") this.#commits.add(effect.batch);
        else if (effect.kind === "alarm") this.#setAlarm(effect.atMs);
        else later.push(effect);
      }
      await this.#commits.settled();
      for (const effect of later) this.#perform(effect);
      return decided.response;
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Resolves when everything decided so far is in the store, so that no reader sees what a crash could take back. */
  async settled(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#commits.settled();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelAlarm();
    this.hub.closeAll();
    this.executionEvents.closeAll();
    await this.#commits.settled().catch(() => undefined);
  }

  /**
   * What was decided, what is in the store and what the history says are not the same any more: nothing is acknowledged
   * from here on, and the next start goes on from the store.
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
        blobs
          .discard(effect.key)
          .catch((error: unknown) => log.warn({ err: error, ...effect.key }, "an upload could not be removed"));
        return;
      case "remove-blob":
        blobs
          .remove(effect.digest, () => state.blobs.has(effect.digest))
          .catch((error: unknown) => log.warn({ err: error, digest: effect.digest }, "a blob could not be removed"));
        return;
    }
  }

  #record(entry: HistoryEntry): void {
    const { record, log } = this.#options;
    record(entry.type, entry.data);
    if (entry.type === "broker.heartbeat") log.debug(entry.data, entry.type);
    else log.info(entry.data, entry.type);
  }
}
