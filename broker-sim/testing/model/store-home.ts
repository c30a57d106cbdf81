import { accessSync, constants, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { pino } from "pino";

import { keyOfRecord } from "../../core/federation/federation-records.ts";
import { memoryStore } from "../../io/stores/memory-store.ts";
import { parseRedisAddress } from "../../io/stores/redis-address.ts";
import { redisStore } from "../../io/stores/redis-store.ts";
import { sqliteStore } from "../../io/stores/sqlite-store.ts";
import { type BrokerStore, type StoredBroker, storeAround } from "../../io/stores/store.ts";

/** Where a store lives: it outlives the broker, can be copied, and be put back as it was then. */
export interface StoreHome {
  open(): Promise<BrokerStore>;
  mark(): Promise<void>;
  /** Puts the copy in the place of what is there. */
  goBack(): Promise<void>;
  /** Whether somebody else can put it back while a broker has it open. */
  readonly isReachable: boolean;
  leave(): Promise<void>;
}

/** One that a restart of the broker finds again, as if it lay in the memory of another process. */
export function memoryHome(): StoreHome {
  let store = memoryStore();
  let marked: StoredBroker = { jobs: [], agents: [], executions: [], federation: [] };
  return {
    isReachable: false,
    open: async () => storeAround(store, { commit: async (writes) => await store.commit(writes) }),
    async mark() {
      marked = await store.load();
    },
    async goBack() {
      store = memoryStore();
      await store.commit({
        jobs: new Map(marked.jobs.map((job) => [job.jobId, JSON.stringify(job)])),
        agents: new Map(marked.agents.map((agent) => [agent.agentId, JSON.stringify(agent)])),
        executions: new Map(marked.executions.map((one) => [one.executionId, JSON.stringify(one)])),
        federation: new Map(marked.federation.map((record) => [keyOfRecord(record), JSON.stringify(record)])),
      });
    },
    leave: async () => undefined,
  };
}

/**
 * The real files; a mark is a copy of them, as a backup makes one. They lie in memory where that has a place for files:
 * what a power failure takes is not what the model looks for, and thousands of commits would wait for a disk, four to
 * ten times as long on a fast one.
 */
export class SqliteHome implements StoreHome {
  readonly isReachable = false;
  readonly directory = mkdtempSync(join(place(), "broker-model-"));
  readonly #copy = mkdtempSync(join(place(), "broker-model-copy-"));

  async open(): Promise<BrokerStore> {
    return sqliteStore(this.directory);
  }

  async mark(): Promise<void> {
    move(this.directory, this.#copy);
  }

  async goBack(): Promise<void> {
    move(this.#copy, this.directory);
  }

  async leave(): Promise<void> {
    for (const directory of [this.directory, this.#copy]) rmSync(directory, { recursive: true, force: true });
  }
}

function place(): string {
  const inMemory = "/dev/shm";
  try {
    accessSync(inMemory, constants.W_OK);
    return inMemory;
  } catch {
    return tmpdir();
  }
}

/** Database and write-ahead log; the lock is the process's. */
function move(from: string, to: string): void {
  const isPart = (name: string): boolean => name.startsWith("broker.sqlite");
  for (const name of readdirSync(to)) if (isPart(name)) rmSync(join(to, name));
  for (const name of readdirSync(from)) if (isPart(name)) cpSync(join(from, name), join(to, name));
}

/** A namespace of its own on a real server. */
export class RedisHome implements StoreHome {
  readonly isReachable = true;
  readonly #address: ReturnType<typeof parseRedisAddress>;
  readonly #client: Redis;
  #marked = new Map<string, Record<string, string>>();

  /** @param url with the namespace; nobody else uses it */
  constructor(url: string) {
    this.#address = parseRedisAddress(url);
    this.#client = new Redis(this.#address.connection);
  }

  async open(): Promise<BrokerStore> {
    const log = pino({ level: "silent" });
    // Whoever's server it is need not write to its disk for a test.
    return await redisStore({ address: this.#address, log, allowVolatile: true });
  }

  async mark(): Promise<void> {
    this.#marked = new Map();
    for (const key of await this.#keys()) this.#marked.set(key, await this.#client.hgetall(key));
  }

  async goBack(): Promise<void> {
    const there = await this.#keys();
    const all = this.#client.multi();
    if (there.length > 0) all.del(...there);
    for (const [key, record] of this.#marked) all.hset(key, record);
    await all.exec();
  }

  async leave(): Promise<void> {
    const there = await this.#keys();
    if (there.length > 0) await this.#client.del(...there);
    this.#client.disconnect();
  }

  async #keys(): Promise<string[]> {
    const names = ["writer", "jobs", "agents", "settings", "executions", "federation"];
    const keys = names.map((name) => `{${this.#address.namespace}}:${name}`);
    const there = await Promise.all(keys.map(async (key) => await this.#client.exists(key)));
    return keys.filter((_key, index) => there[index] === 1);
  }
}
