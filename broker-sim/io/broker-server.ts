import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";

import type { Logger } from "pino";

import { UsageError, messageOf, systemCode } from "../../foundation/errors.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import type { Timing } from "../../protocol/timing.ts";
import { startBrokerState } from "../core/broker-state.ts";
import { Authentication } from "./authentication.ts";
import type { BlobStore } from "./blob-store.ts";
import { type BrokerClock, systemBrokerClock } from "./broker-clock.ts";
import { BrokerService } from "./broker-service.ts";
import { directoryBlobStore } from "./directory-blob-store.ts";
import { httpServer } from "./http-server.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";
import { memoryStore } from "./memory-store.ts";
import { type RedisStoreOptions, redisStore } from "./redis-store.ts";
import { sqliteStore } from "./sqlite-store.ts";
import type { BrokerStore } from "./store.ts";

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly timing: Timing;
  readonly store:
    | { readonly kind: "memory" }
    | { readonly kind: "sqlite"; readonly directory: string }
    /** Checkpoints lie in the directory. */
    | ({ readonly kind: "redis"; readonly directory: string } & Omit<RedisStoreOptions, "log">);
  /** Without one, the token that the store kept, or a fresh random one. */
  readonly joinToken?: string;
  readonly log: Logger;
  readonly record: RecordEvent;
  readonly clock?: BrokerClock;
}

export interface RunningBroker {
  readonly url: string;
  readonly joinToken: string;
  readonly service: BrokerService;
  /** Rejects when the broker cannot go on: its store failed, or one of its own invariants broke. Never resolves. */
  readonly failed: Promise<never>;
  /** Closes every stream and connection at once, and the store when all is written. */
  close(): Promise<void>;
}

/**
 * Starts a broker and returns when it listens.
 *
 * @throws UsageError `port-in-use`, `address-unavailable`, and those of the stores
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { host, port, timing, log, record, clock = systemBrokerClock } = options;
  const store = await openStore(options);
  try {
    const blobs = await openBlobs(options.store);
    const uploads = await blobs.uploads();
    const state = startBrokerState({
      timing,
      boot: bootId(),
      nowMs: clock.nowMs(),
      ...(await store.load()),
      blobs: await blobs.list(),
      uploads,
    });
    for (const upload of uploads) if (!state.uploads.has(upload)) await blobs.discard(upload);
    const joinToken = await settleJoinToken(store, options.joinToken);
    const failure = Promise.withResolvers<never>();
    // Whoever runs the broker watches it; until then a failure must not count as unhandled.
    failure.promise.catch(() => undefined);
    const service = new BrokerService({ state, store, blobs, clock, record, log, onFatal: failure.reject });
    store.onLost((error) => service.fail(error));
    const authentication = new Authentication({ state, clock, settled: () => service.settled() });
    const loopbackOnly = isLoopback(host);
    const app = await httpServer({ service, authentication, blobs, joinToken, log, record, loopbackOnly });
    const url = await app.listen({ host, port }).catch(async (error: unknown) => {
      await app.close();
      throw explainListen(error, { host, port });
    });
    // Deadlines of what the store kept count from here.
    await service.handle({ type: "tick" });
    record("broker.started", { url, store: store.kind, pid: process.pid });
    return {
      url,
      joinToken,
      service,
      failed: failure.promise,
      async close() {
        service.hub.closeAll();
        await app.close();
        await service.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

async function openStore({ store, log }: BrokerOptions): Promise<BrokerStore> {
  if (store.kind === "memory") return memoryStore();
  return store.kind === "sqlite" ? sqliteStore(store.directory) : await redisStore({ ...store, log });
}

async function openBlobs(store: BrokerOptions["store"]): Promise<BlobStore> {
  return store.kind === "memory" ? memoryBlobStore() : await directoryBlobStore(join(store.directory, "checkpoints"));
}

async function settleJoinToken(store: BrokerStore, asked: string | undefined): Promise<string> {
  const kept = await store.readSetting("join-token");
  const joinToken = asked ?? kept ?? randomBytes(16).toString("hex");
  if (joinToken !== kept) await store.writeSetting("join-token", joinToken);
  return joinToken;
}

function bootId(): string {
  return randomInt(36 ** 6)
    .toString(36)
    .padStart(6, "0");
}

function explainListen(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = systemCode(error);
  if (code === "EADDRINUSE") {
    return new UsageError(`Port ${port} on ${host} is in use by another process.`, {
      code: "port-in-use",
      next: "Choose another with --port, or --port 0 for any free one.",
      retriable: true,
      cause: error,
    });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EACCES" || code === "EAI_AGAIN") {
    return new UsageError(`The broker cannot listen on ${host} port ${port}: ${messageOf(error)}`, {
      code: "address-unavailable",
      next: "Choose an address of this machine with --host, and a port above 1023 with --port.",
      cause: error,
    });
  }
  return error;
}
