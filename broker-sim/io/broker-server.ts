import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";

import type { Logger } from "pino";

import { UsageError, messageOf, systemCode } from "../../foundation/errors.ts";
import { steadyNodeFlags } from "../../foundation/steady-node.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import type { Timing } from "../../protocol/timing.ts";
import { startBrokerState } from "../core/broker-state.ts";
import { AgentProgram } from "./executions/agent-program.ts";
import { Authentication } from "./security/authentication.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import { type BrokerClock, systemBrokerClock } from "./broker-clock.ts";
import { BrokerService } from "./broker-service.ts";
import { ClocksAhead } from "./security/clocks-ahead.ts";
import { directoryBlobStore } from "./blobs/directory-blob-store.ts";
import { settleBrokerKey } from "./federation/envelopes.ts";
import { Federation } from "./federation/federation.ts";
import type { SpokeTimes } from "./federation/spoke-client.ts";
import { JoinTokens } from "./security/join-tokens.ts";
import { clearLeftHomes } from "./executions/left-homes.ts";
import { passingDirectory } from "./executions/passing-directory.ts";
import { type HttpServerOptions, httpServer } from "./http-server.ts";
import { FaultBook } from "./faults/fault-book.ts";
import { faultyClock } from "./faults/faulty-clock.ts";
import { forgetfulStore } from "./faults/forgetful-store.ts";
import { memoryBlobStore } from "./blobs/memory-blob-store.ts";
import { memoryStore } from "./stores/memory-store.ts";
import { closeServer } from "./operations/close-server.ts";
import { BrokerMetrics } from "./operations/metrics.ts";
import { Readiness } from "./operations/readiness.ts";
import { Departures, type Goodbye, sayGoodbye } from "./operations/say-goodbye.ts";
import { Stopping } from "./operations/stopping.ts";
import { type RedisStoreOptions, redisStore } from "./stores/redis-store.ts";
import { Spawner } from "./executions/spawner.ts";
import { sqliteStore } from "./stores/sqlite-store.ts";
import type { BrokerStore } from "./stores/store.ts";
import { readStoredSetting } from "./stores/stored-records.ts";
import { isWord } from "./security/token-word.ts";

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
  /** Without one, the token that the store kept, or a fresh random one. It lets in everybody who has it. */
  readonly joinToken?: string;
  /** Lets nobody in with that one: each agent needs a token of its own, single-use and expiring. */
  readonly singleUseTokensOnly?: boolean;
  /** Of requests in a minute; for tests. */
  readonly rateLimits?: HttpServerOptions["rateLimits"];
  /** Addresses and ranges of proxies whose word counts on whom they pass on. */
  readonly trustProxy?: readonly string[];
  /** How long a hub tries to reach a spoke; for tests. */
  readonly spokeTimes?: SpokeTimes;
  /** Without one, the token that the store kept, or a fresh random one. */
  readonly operatorToken?: string;
  readonly log: Logger;
  readonly record: RecordEvent;
  /** How many records the history could not take, so far. */
  readonly recordsLost?: () => number;
  readonly clock?: BrokerClock;
  /** How long a stop waits for requests under way, in milliseconds. */
  readonly stopGraceMs?: number;
  /** Takes orders to misbehave; for scenarios only. */
  readonly faults?: boolean;
  /** The program `donor-agent` and what stands before its arguments; by default this package's own. */
  readonly agentCommand?: readonly [string, ...string[]];
}

const stopGraceMsDefault = 5_000;
/** How long an agent that the broker starts may take to join with a token of its own, in milliseconds. */
const spawnedJoinMsMax = 10 * 60_000;

export interface RunningBroker {
  readonly url: string;
  /** Empty when each agent needs a token of its own. */
  readonly joinToken: string;
  readonly operatorToken: string;
  readonly service: BrokerService;
  /** Every route that is served: `POST /api/v1/jobs`. */
  readonly routes: readonly string[];
  /** What listens; for whoever looks at its connections. */
  readonly server: Server;
  /** Rejects when the broker cannot go on: its store failed, or one of its own invariants broke. Never resolves. */
  readonly failed: Promise<never>;
  /**
   * Ends every stream, answers what was asked until then, and closes the store when all is written; whatever is not
   * answered within `stopGraceMs` is cut off.
   *
   * @param goodbye tells the agents first, and waits for them to leave
   */
  close(goodbye?: Goodbye): Promise<void>;
}

const ownLauncher = join(import.meta.dirname, "..", "..", "bin", "donor-agent.mjs");
const ownAgent = [process.execPath, ...steadyNodeFlags, ownLauncher] as const;

/**
 * Starts a broker and returns when it listens.
 *
 * @throws UsageError `port-in-use`, `address-unavailable`, and those of the stores
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { host, port, timing, log, clock = systemBrokerClock, stopGraceMs = stopGraceMsDefault } = options;
  const opened = await openStore(options);
  let stopServing = (): Promise<void> => Promise.resolve();
  try {
    const blobs = await openBlobs(options.store);
    const uploads = await blobs.uploads();
    const state = startBrokerState({
      timing,
      boot: bootName(),
      nowMs: clock.nowMs(),
      ...(await opened.load()),
      blobs: await blobs.list(),
      uploads,
    });
    for (const upload of uploads) if (!state.uploads.has(upload)) await blobs.discard(upload);
    const reusable =
      options.singleUseTokensOnly === true ? null : await settleToken(opened, "join-token", options.joinToken);
    const joinTokens = await JoinTokens.load(opened, { clock, reusable });
    const operatorToken = await settleToken(opened, "operator-token", options.operatorToken);
    const stopping = new Stopping();
    const readiness = new Readiness(state, () => opened.outage());
    let streams = (): number => 0;
    const metrics = new BrokerMetrics({
      state,
      openStreams: () => streams(),
      recordsLost: options.recordsLost ?? (() => 0),
      isReady: () => readiness.reasons.length === 0,
    });
    const departures = new Departures();
    const record = departures.seeing(metrics.counting(options.record));
    const faults =
      options.faults === true
        ? new FaultBook({ clock, record, log, onHit: (kind) => metrics.faultHit(kind) })
        : undefined;
    const store = metrics.timing(faults === undefined ? opened : forgetfulStore(opened, faults));
    const failure = Promise.withResolvers<never>();
    // Whoever runs the broker watches it; until then a failure must not count as unhandled.
    failure.promise.catch(() => readiness.failed());
    const brokerId = await settleBrokerId(opened);
    const spawned = spawnedDirectory(options.store);
    const program = new AgentProgram({
      command: options.agentCommand ?? ownAgent,
      directory: spawned,
      brokerId,
      // Nobody would find them again.
      endsWithBroker: options.store.kind === "memory",
    });
    const spawner = new Spawner({ program, brokerId, log, report: (report) => service.handle(report) });
    const service = new BrokerService({
      ...{ state, store, blobs, clock, spawner, record, log },
      onFatal: failure.reject,
      onEventSent: (event) => metrics.eventSent(event),
    });
    store.onLost((error) => service.fail(error));
    streams = () => service.hub.connected().length;
    const times = options.spokeTimes === undefined ? {} : { times: options.spokeTimes };
    const federation = new Federation({ service, key: await settleBrokerKey(opened), clock, log, ...times });
    const authentication = new Authentication({
      state,
      clock,
      ...(faults === undefined ? {} : { shownClock: faultyClock(clock, faults) }),
      clocksAhead: await ClocksAhead.load(opened, { clock, windowMs: timing.signatureWindowMs }),
      settled: () => service.settled(),
    });
    const loopbackOnly = isLoopback(host);
    const { app, served } = await httpServer({
      ...{ service, federation, authentication, blobs, joinTokens, operatorToken, log, record, loopbackOnly },
      ...{ metrics, readiness, stopping, faults, storeKind: opened.kind },
      ...(options.rateLimits === undefined ? {} : { rateLimits: options.rateLimits }),
      ...(options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy }),
    });
    const listened = await app.listen({ host, port }).catch(async (error: unknown) => {
      await app.close();
      throw explainListen(error, { host, port });
    });
    // Of every IPv4 address it names one of the loopback interface, which may have others than the one that all know.
    const url = host === "0.0.0.0" ? `http://127.0.0.1:${new URL(listened).port}` : listened;
    stopServing = async () => {
      service.hub.closeAll();
      spawner.close();
      await federation.close();
      await closeServer(app, { stopGraceMs });
      await service.close();
    };
    spawner.joinAt({
      url: urlFromHere(url),
      joinToken: async () => reusable ?? (await joinTokens.create({ expiresInMs: spawnedJoinMsMax })).joinToken,
    });
    federation.listensAt(urlFromHere(url));
    // Deadlines of what the store kept count from here.
    await service.handle({ type: "tick" });
    await spawner.lookAround([...state.executions.values()]);
    const closing = new AbortController();
    if (options.store.kind === "memory") {
      clearLeftHomes({ command: options.agentCommand ?? ownAgent, log, signal: closing.signal }).catch(
        (error: unknown) => log.warn({ err: error }, "what killed brokers may have left could not be looked for"),
      );
    }
    record("broker.started", { url, store: store.kind, pid: process.pid });
    return {
      url,
      joinToken: reusable ?? "",
      operatorToken,
      service,
      routes: served,
      server: app.server,
      failed: failure.promise,
      async close(goodbye) {
        readiness.stopping();
        stopping.begin(service, null);
        closing.abort();
        if (goodbye !== undefined) await sayGoodbye({ service, departures, spawned: spawner, stopping }, goodbye);
        // What hangs goes on; a store that was told to forget does so until it is closed.
        faults?.stop({ but: "forget-writes" });
        service.hub.closeAll();
        service.executionEvents.closeAll();
        await federation.close();
        if (options.store.kind === "memory") await endSpawned({ service, spawner, directory: spawned });
        spawner.close();
        await closeServer(app, { stopGraceMs });
        await service.close();
        await store.close();
        faults?.stop();
      },
    };
  } catch (error) {
    // Nobody is served by a broker that did not come up.
    await stopServing();
    await opened.close();
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

async function settleToken(
  store: BrokerStore,
  name: "join-token" | "operator-token",
  asked: string | undefined,
): Promise<string> {
  // One that is replaced may be as it is.
  const kept = asked === undefined ? await readStoredSetting(store, name, parseWord) : await store.readSetting(name);
  const token = asked ?? kept ?? randomBytes(16).toString("hex");
  if (token !== kept) await store.writeSetting(name, token);
  return token;
}

/** Tokens and ids go into headers, environments and onto command lines. */
function parseWord(text: string): string {
  if (!isWord(text)) throw new Error("it is no word of 1 to 200 printable ASCII characters");
  return text;
}

/** What the agents that this broker starts say of whose they are. */
async function settleBrokerId(store: BrokerStore): Promise<string> {
  const kept = await readStoredSetting(store, "broker-id", parseWord);
  const brokerId = kept ?? randomUUID();
  if (kept === null) await store.writeSetting("broker-id", brokerId);
  return brokerId;
}

/** Short: the homes in it hold sockets, whose paths the kernel limits to 108 bytes. */
function spawnedDirectory(store: BrokerOptions["store"]): string {
  return store.kind === "memory" ? passingDirectory() : join(store.directory, "spawned");
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

function bootName(): string {
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
