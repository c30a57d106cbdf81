import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "pino";

import { UsageError, messageOf, systemCode } from "../../foundation/errors.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import type { Timing } from "../../protocol/timing.ts";
import { startBrokerState } from "../core/broker-state.ts";
import { AgentProgram } from "./agent-program.ts";
import { Authentication } from "./authentication.ts";
import type { BlobStore } from "./blob-store.ts";
import { type BrokerClock, systemBrokerClock } from "./broker-clock.ts";
import { BrokerService } from "./broker-service.ts";
import { directoryBlobStore } from "./directory-blob-store.ts";
import { settleBrokerKey } from "./envelopes.ts";
import { Federation } from "./federation.ts";
import { httpServer } from "./http-server.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";
import { memoryStore } from "./memory-store.ts";
import { Spawner } from "./spawner.ts";
import { sqliteStore } from "./sqlite-store.ts";
import type { BrokerStore } from "./store.ts";

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly timing: Timing;
  readonly store: { readonly kind: "memory" } | { readonly kind: "sqlite"; readonly directory: string };
  /** Without one, the token that the store kept, or a fresh random one. */
  readonly joinToken?: string;
  readonly log: Logger;
  readonly record: RecordEvent;
  readonly clock?: BrokerClock;
  /** The program `donor-agent` and what stands before its arguments; by default this package's own. */
  readonly agentCommand?: readonly [string, ...string[]];
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

const ownAgent = [process.execPath, join(import.meta.dirname, "..", "..", "bin", "donor-agent.mjs")] as const;

/**
 * Starts a broker and returns when it listens.
 *
 * @throws UsageError `port-in-use`, `address-unavailable`, and those of the stores
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { host, port, timing, log, record, clock = systemBrokerClock } = options;
  const store = options.store.kind === "memory" ? memoryStore() : sqliteStore(options.store.directory);
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
    const brokerId = await settleBrokerId(store);
    const spawned = spawnedDirectory(options.store);
    const program = new AgentProgram({
      command: options.agentCommand ?? ownAgent,
      directory: spawned,
      brokerId,
      // Nobody would find them again.
      endsWithBroker: options.store.kind === "memory",
    });
    const spawner = new Spawner({ program, brokerId, log, report: (report) => service.handle(report) });
    const service = new BrokerService({ state, store, blobs, clock, spawner, record, log, onFatal: failure.reject });
    const federation = new Federation({ service, key: await settleBrokerKey(store), clock, log });
    const authentication = new Authentication({ state, clock });
    const loopbackOnly = isLoopback(host);
    const app = await httpServer({ service, federation, authentication, blobs, joinToken, log, record, loopbackOnly });
    const url = await app.listen({ host, port }).catch(async (error: unknown) => {
      await app.close();
      throw explainListen(error, { host, port });
    });
    spawner.joinAt({ url: urlFromHere(url), joinToken });
    federation.listensAt(urlFromHere(url));
    // Deadlines of what the store kept count from here.
    await service.handle({ type: "tick" });
    await spawner.lookAround([...state.executions.values()]);
    record("broker.started", { url, store: store.kind, pid: process.pid });
    return {
      url,
      joinToken,
      service,
      failed: failure.promise,
      async close() {
        service.hub.closeAll();
        service.executionEvents.closeAll();
        await federation.close();
        if (options.store.kind === "memory") await endSpawned({ service, spawner, directory: spawned });
        spawner.close();
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

async function openBlobs(store: BrokerOptions["store"]): Promise<BlobStore> {
  return store.kind === "memory" ? memoryBlobStore() : await directoryBlobStore(join(store.directory, "checkpoints"));
}

async function settleJoinToken(store: BrokerStore, asked: string | undefined): Promise<string> {
  const kept = await store.readSetting("join-token");
  const joinToken = asked ?? kept ?? randomBytes(16).toString("hex");
  if (joinToken !== kept) await store.writeSetting("join-token", joinToken);
  return joinToken;
}

/** What the agents that this broker starts say of whose they are. */
async function settleBrokerId(store: BrokerStore): Promise<string> {
  const kept = await store.readSetting("broker-id");
  const brokerId = kept ?? randomUUID();
  if (kept === null) await store.writeSetting("broker-id", brokerId);
  return brokerId;
}

function spawnedDirectory(store: BrokerOptions["store"]): string {
  return store.kind === "memory"
    ? join(tmpdir(), `houseguest-broker-${randomUUID()}`)
    : join(store.directory, "spawned");
}

/** A store that goes takes what it knew of its agents along, so they go before. */
async function endSpawned({
  service,
  spawner,
  directory,
}: {
  service: BrokerService;
  spawner: Spawner;
  directory: string;
}): Promise<void> {
  const message = { reason: "the broker ends, and so does its memory", now: true };
  // A broker that cannot go on has said so; its agents end with it.
  const ended = await service.handle({ type: "kill-all", message }).catch(() => null);
  if (ended !== null) await spawner.idle();
  rmSync(directory, { recursive: true, force: true });
}

/** The address for whoever is on this machine. */
function urlFromHere(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
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
