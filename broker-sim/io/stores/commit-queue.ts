import type { StoreBatch } from "../../core/effects.ts";
import type { BrokerStore, StoreChange } from "./store.ts";
import { inStoreTime } from "./store-wait.ts";

interface Group {
  readonly jobs: Map<string, string | null>;
  readonly agents: Map<string, string>;
  readonly executions: Map<string, string | null>;
  readonly federation: Map<string, string | null>;
  readonly changes: StoreChange[];
  readonly written: Promise<void>;
  /** Rejects when it takes too long, while the store goes on trying. */
  readonly inTime: Promise<void>;
  readonly settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
}

/**
 * Brings batches into the store, in order. Those that come while one is being written, or within one turn of the event
 * loop, are written together: a thousand requests share a few waits for the disk.
 */
export class CommitQueue {
  readonly #store: BrokerStore;
  /** What the next write will hold. */
  #gathering: Group | undefined;
  #writing: Group | undefined;
  /** A writer is at work or will be in a moment; there is never a second one. */
  #running = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(store: BrokerStore) {
    this.#store = store;
  }

  /** Takes the records as they are now; `settled()` says when they are written. */
  add(batch: StoreBatch, changes: readonly StoreChange[] = []): void {
    if (this.#gathering === undefined) {
      this.#gathering = newGroup(this.#store);
      if (!this.#running) {
        this.#running = true;
        setImmediate(() => void this.#write());
      }
    }
    this.#gathering.changes.push(...changes);
    for (const job of batch.jobs) this.#gathering.jobs.set(job.jobId, JSON.stringify(job));
    for (const jobId of batch.jobsRemoved) this.#gathering.jobs.set(jobId, null);
    for (const agent of batch.agents) this.#gathering.agents.set(agent.agentId, JSON.stringify(agent));
    const { executions } = this.#gathering;
    for (const execution of batch.executions ?? []) executions.set(execution.executionId, JSON.stringify(execution));
    for (const executionId of batch.executionsRemoved ?? []) executions.set(executionId, null);
    for (const [key, kept] of batch.federation ?? []) {
      this.#gathering.federation.set(key, kept === null ? null : JSON.stringify(kept));
    }
  }

  /** Resolves when everything added so far is in the store; rejects for good once a write has failed. */
  async settled(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await (this.#gathering ?? this.#writing)?.written;
  }

  /**
   * As `settled`, for whoever has an answer to give.
   *
   * @throws ProblemError `store-away` when it takes too long: what was decided stands, and is written later
   */
  async settledInTime(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await (this.#gathering ?? this.#writing)?.inTime;
  }

  /** From now on nothing is acknowledged. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async #write(): Promise<void> {
    while (this.#gathering !== undefined) {
      const group = this.#gathering;
      this.#gathering = undefined;
      this.#writing = group;
      try {
        if (this.#failure !== undefined) throw this.#failure.error;
        await this.#store.commit(group);
        this.#writing = undefined;
        group.settle.resolve();
      } catch (error) {
        this.#writing = undefined;
        this.fail(error);
        group.settle.reject(error);
      }
      // Those who waited go on before the next group is written, so that effects keep their order.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = false;
  }
}

function newGroup(store: BrokerStore): Group {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const inTime = inStoreTime(store, promise);
  // Whoever waits hears of a failure; a group that nobody waits for must not end the process.
  promise.catch(() => undefined);
  inTime.catch(() => undefined);
  return {
    jobs: new Map(),
    agents: new Map(),
    executions: new Map(),
    federation: new Map(),
    changes: [],
    written: promise,
    inTime,
    settle: { resolve, reject },
  };
}
