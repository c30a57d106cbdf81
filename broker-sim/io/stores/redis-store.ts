import { randomUUID } from "node:crypto";

import type { Logger } from "pino";

import { AssertionError, assert } from "../../../foundation/assert.ts";
import { HouseguestError, UsageError, messageOf } from "../../../foundation/errors.ts";
import type { RedisAddress } from "./redis-address.ts";
import { RedisConnection } from "./redis-connection.ts";
import { requireDurable } from "./redis-durability.ts";
import { type RedisScript, claimScript, commitScript, rewriteScript } from "./redis-scripts.ts";
import type { BrokerStore, StoreChange, StoreWrites } from "./store.ts";
import { corruptStore, parseStoredRecords } from "./stored-records.ts";
import { Turns } from "../turns.ts";

export interface RedisStoreOptions {
  readonly address: RedisAddress;
  /** Take the place of a broker that is still connected. */
  readonly takeOver?: boolean;
  /** Use a server that keeps nothing on its disk, or may throw keys away. */
  readonly allowVolatile?: boolean;
  readonly log: Logger;
}

/** A hash each, id to text; the scripts know `jobs` by its place. */
const kinds = ["jobs", "agents", "settings", "executions", "federation"] as const;
type Kind = (typeof kinds)[number];
type Records = Readonly<Record<Kind, ReadonlyMap<string, string | null>>>;
const none: Records = recordsOf(() => new Map<string, string | null>());

/** A script says where it met the error before it says which one, depending on the server's version. */
const isWrongType = /\bWRONGTYPE\b/;
/** How long a broker that just ended may take to be gone from the server. */
const claimWaitMsMax = 2_000;
const claimAgainMs = 25;
/** How often an idle broker looks whether it still is the writer, and the server has everything. */
const lookEveryMs = 1_000;

/**
 * Keeps records on a Redis or Valkey server, for one broker at a time; docs/stores.md describes keys and channels.
 *
 * @throws UsageError `store-unreachable`, `store-refused`, `store-locked`, `store-volatile`, `store-corrupt` or
 *   `store-too-new`
 */
export async function redisStore(options: RedisStoreOptions): Promise<BrokerStore> {
  const connection = new RedisConnection(options.address);
  await connection.open();
  const store = new RedisStore(connection, options);
  try {
    await requireDurable(connection, options);
    await store.claim(options.takeOver === true);
    return store;
  } catch (error) {
    await store.close();
    if (error instanceof UsageError || error instanceof AssertionError) throw error;
    if (isWrongType.test(messageOf(error))) {
      const what = `The broker's store ${options.address.shown} is damaged or is none of a broker: ${messageOf(error)}`;
      throw corruptStore("redis", what, error);
    }
    throw connection.unusable(messageOf(error));
  }
}

class RedisStore implements BrokerStore {
  readonly kind = "redis";
  readonly #connection: RedisConnection;
  readonly #address: RedisAddress;
  readonly #log: Logger;
  readonly #token = randomUUID();
  readonly #keys: readonly string[];
  /** Everything that the server has said to be written, for the day when it has lost some of it. */
  readonly #written = recordsOf(() => new Map<string, string>());
  readonly #turns = new Turns();
  #generation = 0;
  /** The tokens of the writers before this one: a server that shows one of them has fallen back. */
  #before = "";
  #number = 0;
  #unlisten: () => void = () => undefined;
  #looking: NodeJS.Timeout | undefined;
  #lost: HouseguestError | undefined;
  #onLost: (error: unknown) => void = () => undefined;

  constructor(connection: RedisConnection, { address, log }: RedisStoreOptions) {
    this.#connection = connection;
    this.#address = address;
    this.#log = log;
    this.#keys = ["writer", ...kinds].map((name) => this.#name(name));
  }

  /** Becomes the writer; from here on every other one is refused. */
  async claim(takeOver: boolean): Promise<void> {
    const channel = this.#name("writer:");
    this.#unlisten = await this.#connection.listen(`${channel}${this.#token}`, () => this.#lose(this.#takenOver()));
    const deadlineMs = performance.now() + claimWaitMsMax;
    for (;;) {
      const answer = await this.#run(
        claimScript,
        [this.#keys[0] ?? ""],
        [this.#token, channel, takeOver ? "yes" : "no"],
      );
      if (answer[0] === "claimed") {
        [this.#generation, this.#number, this.#before] = [Number(answer[1]), Number(answer[2]), String(answer[3])];
        break;
      }
      if (answer[0] === "too-new") throw this.#tooNew(String(answer[1]));
      if (performance.now() > deadlineMs) throw this.#locked();
      await new Promise((resolve) => setTimeout(resolve, claimAgainMs));
    }
    for (const kind of kinds) {
      const flat = (await this.#connection.command("HGETALL", [this.#name(kind)])) as string[];
      for (let at = 0; at < flat.length; at += 2) this.#written[kind].set(flat[at] ?? "", flat[at + 1] ?? "");
    }
    this.#looking = setInterval(() => void this.#look(), lookEveryMs);
    this.#looking.unref();
  }

  outage(): string | null {
    const why = this.#connection.outage();
    return why === null ? null : `The store ${this.#address.shown} is away: ${why}.`;
  }

  onLost(listener: (error: unknown) => void): void {
    this.#onLost = listener;
    if (this.#lost !== undefined) listener(this.#lost);
  }

  async load() {
    const { jobs, agents, executions, federation } = this.#written;
    return parseStoredRecords("redis", {
      jobs: jobs.values(),
      agents: agents.values(),
      executions: executions.values(),
      federation: federation.values(),
    });
  }

  async commit({ changes = [], ...writes }: StoreWrites): Promise<void> {
    await this.#write({ ...none, ...writes }, changes);
  }

  async readSetting(name: string): Promise<string | null> {
    return this.#written.settings.get(name) ?? null;
  }

  async writeSetting(name: string, value: string): Promise<void> {
    await this.#write({ ...none, settings: new Map([[name, value]]) }, []);
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#unlisten();
    this.#connection.close();
  }

  async #write(records: Records, changes: readonly StoreChange[]): Promise<void> {
    await this.#turns.take("writer", async () => {
      await this.#bring(this.#number + 1, records, changes);
      this.#number += 1;
      for (const kind of kinds) {
        for (const [id, text] of records[kind]) {
          if (text === null) this.#written[kind].delete(id);
          else this.#written[kind].set(id, text);
        }
      }
    });
  }

  /** Nobody else may have become the writer, and nothing may have gone, while there was nothing to write. */
  async #look(): Promise<void> {
    const look = async (): Promise<void> => await this.#bring(this.#number, none, []);
    // What it finds it has told to `onLost`.
    await this.#turns.take("writer", look).catch(() => undefined);
  }

  /** Brings a commit there, or finds that it is there already. */
  async #bring(number: number, records: Records, changes: readonly StoreChange[]): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const told = changes.flatMap(({ topic, data }) => [this.#name(topic), JSON.stringify({ commit: number, ...data })]);
    for (;;) {
      const entries = this.#entriesOf(records);
      const answer = await this.#runAsWriter(commitScript, number, entries, told);
      if (answer[0] === "written") return;
      assert(answer[0] === "behind", "a commit is written, refused, or comes too late");
      const log = { store: this.#address.shown, commit: number - 1, stored: Number(answer[1]) };
      this.#log.warn(log, "the server has lost commits; everything is written anew");
      const all = this.#entriesOf(this.#with(records));
      if ((await this.#runAsWriter(rewriteScript, number, all, told))[0] === "written") return;
    }
  }

  async #runAsWriter(
    script: RedisScript,
    number: number,
    entries: readonly (string | number)[],
    told: readonly string[],
  ): Promise<readonly unknown[]> {
    const parameters = [this.#token, this.#generation, this.#before, number, entries.length / 3, ...entries, ...told];
    const answer = await this.#run(script, this.#keys, parameters);
    if (answer[0] === "taken-over") throw this.#lose(this.#takenOver());
    if (answer[0] === "refused") throw this.#lose(this.#refused(String(answer[1]), String(answer[2])));
    return answer;
  }

  async #run(
    script: RedisScript,
    keys: readonly string[],
    parameters: readonly (string | number)[],
  ): Promise<readonly unknown[]> {
    const answer = await this.#connection.run(script, keys, parameters);
    assert(Array.isArray(answer), "a script answers with a list");
    return answer;
  }

  #entriesOf(records: Records): (string | number)[] {
    const entries: (string | number)[] = [];
    for (const [index, kind] of kinds.entries()) {
      // The first key is the writer's, and Lua counts from 1.
      for (const [id, text] of records[kind]) entries.push(index + 2, id, text ?? "");
    }
    return entries;
  }

  /** All there is, with these on top. */
  #with(records: Records): Records {
    const all = recordsOf(() => new Map<string, string>());
    for (const kind of kinds) {
      for (const [id, text] of this.#written[kind]) all[kind].set(id, text);
      for (const [id, text] of records[kind]) {
        if (text === null) all[kind].delete(id);
        else all[kind].set(id, text);
      }
    }
    return all;
  }

  #name(part: string): string {
    return `{${this.#address.namespace}}:${part}`;
  }

  #lose(error: HouseguestError): HouseguestError {
    if (this.#lost === undefined) {
      this.#lost = error;
      this.#onLost(error);
    }
    return this.#lost;
  }

  #takenOver(): HouseguestError {
    return new HouseguestError(`Another broker has taken over the store ${this.#address.shown}.`, {
      code: "store-taken-over",
      next: "Let that one go on alone, or end it and start this one again.",
    });
  }

  #refused(id: string, why: string): HouseguestError {
    return new HouseguestError(`The store ${this.#address.shown} did not take the job ${id}: ${why}.`, {
      code: "store-diverged",
      next: "Somebody else has written to it; start the broker again, which goes on from what is there.",
    });
  }

  #locked(): UsageError {
    return new UsageError(`The broker's store ${this.#address.shown} is in use by another broker.`, {
      code: "store-locked",
      next: "Stop the other broker, take its place with --take-over, or use another namespace.",
      retriable: true,
    });
  }

  #tooNew(layout: string): UsageError {
    return new UsageError(
      `The broker's store ${this.#address.shown} was written by a later version (layout ${layout}).`,
      { code: "store-too-new", next: "Start that version, or use another namespace." },
    );
  }
}

function recordsOf<T>(make: () => T): Record<Kind, T> {
  return { jobs: make(), agents: make(), settings: make(), executions: make(), federation: make() };
}
