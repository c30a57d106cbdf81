import { pino } from "pino";

import { present } from "../../../foundation/assert.ts";
import { startBrokerState } from "../../core/broker-state.ts";
import type { BrokerInput, Caller } from "../../core/inputs.ts";
import { BrokerService } from "../../io/broker-service.ts";
import { memoryBlobStore } from "../../io/blobs/memory-blob-store.ts";
import { type BrokerStore, storeAround } from "../../io/stores/store.ts";
import { takeChunk } from "../../io/blobs/take-chunk.ts";
import { ManualClock } from "../manual-clock.ts";
import {
  type Answered,
  type Asked,
  type AskedInput,
  type BrokerBody,
  type JobSeen,
  type Recorded,
  awayMs,
  dayMs,
  modelTiming,
  plainIdentity,
  seen,
} from "./broker-body.ts";
import type { StoreHome } from "./store-home.ts";

interface Running {
  readonly service: BrokerService;
  readonly store: BrokerStore;
  /** From here on nothing more of it reaches the store, as after kill -9. */
  kill(): void;
}

/** The reducer's real body on a real store. */
export class ServiceBody implements BrokerBody {
  readonly #home: StoreHome;
  readonly #clock = new ManualClock(dayMs);
  readonly #blobs = memoryBlobStore();
  #recorded: Recorded[] = [];
  #boots = 0;
  #running: Running | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly forget?: () => Promise<void>;

  private constructor(home: StoreHome) {
    this.#home = home;
    if (home.isReachable) this.forget = async () => await home.goBack();
  }

  static async start(home: StoreHome): Promise<ServiceBody> {
    const body = new ServiceBody(home);
    try {
      await body.#start();
      await home.mark();
    } catch (error) {
      await body.close();
      throw error;
    }
    return body;
  }

  identity = plainIdentity;

  nowMs(): number {
    return this.#clock.nowMs();
  }

  async ask<T extends Asked>(input: BrokerInput<T>): Promise<Answered<T>> {
    this.#look();
    return await this.#broker.service.handle(input);
  }

  async askTogether(inputs: readonly AskedInput[]): Promise<Answered<Asked>[]> {
    this.#look();
    const { service } = this.#broker;
    return await Promise.all(inputs.map(async (input) => await service.handle<Asked>(input)));
  }

  async bring(caller: Caller, blob: { leaseId: string; content: Buffer; digest: string }): Promise<void> {
    const { leaseId, content, digest } = blob;
    const place = { offset: 0, length: content.length, complete: true };
    const key = { agentId: caller.agentId, leaseId, digest };
    await takeChunk({ service: this.#broker.service, blobs: this.#blobs }, { caller, key, place, content });
  }

  async jobs(): Promise<JobSeen[]> {
    await this.#broker.service.settled();
    return Array.from(this.#broker.service.state.jobs.values(), seen);
  }

  recorded(): Recorded[] {
    const fresh = this.#recorded;
    this.#recorded = [];
    return fresh;
  }

  async advance(ms: number): Promise<void> {
    this.#clock.advance(ms);
    // What the alarms on the way have decided is written and told.
    await this.#broker.service.settled();
    await this.#broker.service.handle({ type: "tick" });
  }

  async mark(): Promise<void> {
    await this.#home.mark();
  }

  async restart(from: "now" | "mark"): Promise<void> {
    await this.#end();
    if (from === "mark") await this.#home.goBack();
    this.#clock.advance(awayMs);
    await this.#start();
  }

  async close(): Promise<void> {
    await this.#end();
    await this.#home.leave();
  }

  get #broker(): Running {
    return present(this.#running, "the broker runs");
  }

  #look(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #start(): Promise<void> {
    this.#boots += 1;
    const store = await this.#home.open();
    try {
      await this.#startOn(store);
    } catch (error) {
      // Else nobody closes it, and the next one finds the store in use.
      if (this.#running === undefined) await store.close();
      throw error;
    }
  }

  async #startOn(store: BrokerStore): Promise<void> {
    let isKilled = false;
    const never = new Promise<never>(() => undefined);
    const mortal = storeAround(store, {
      commit: async (writes) => await (isKilled ? never : store.commit(writes)),
    });
    const state = startBrokerState({
      timing: modelTiming,
      boot: `boot${this.#boots}`,
      nowMs: this.#clock.nowMs(),
      ...(await store.load()),
      blobs: await this.#blobs.list(),
    });
    const service = new BrokerService({
      ...{ state, store: mortal, blobs: this.#blobs, clock: this.#clock },
      spawner: { perform: () => undefined },
      record: (type, data) => void this.#recorded.push({ type, data: { ...data } }),
      log: pino({ level: "silent" }),
      onFatal: (error) => {
        this.#failure ??= { error };
      },
    });
    this.#running = { service, store, kill: () => (isKilled = true) };
    await service.handle({ type: "tick" });
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.kill();
    // Its alarm must not ring any more; for what it has not written nobody waits.
    running.service.close().catch(() => undefined);
    await running.store.close();
  }
}
