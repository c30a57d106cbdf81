import { randomUUID } from "node:crypto";

import { fastify } from "fastify";
import { type ZodTypeProvider, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { pino } from "pino";

import { assert } from "../foundation/assert.ts";
import { HeartbeatRequest, HeartbeatResponse } from "../protocol/messages.ts";
import { routes } from "../protocol/routes.ts";
import { defaultTiming } from "../protocol/timing.ts";
import { startBrokerState } from "../broker-sim/core/broker-state.ts";
import { systemBrokerClock } from "../broker-sim/io/broker-clock.ts";
import { memoryBlobStore } from "../broker-sim/io/blobs/memory-blob-store.ts";
import { memoryStore } from "../broker-sim/io/stores/memory-store.ts";
import { parseRedisAddress } from "../broker-sim/io/stores/redis-address.ts";
import type { Mutant } from "../scenarios/zoo/mutant.ts";
import { patchModules } from "../scenarios/zoo/patch-modules.ts";
import { agentHeader } from "./heartbeat-requests.ts";

/**
 * A server in a process of its own that takes heartbeats, and more of what the broker does with them from kind to kind:
 * `echo`, `schema`, `reducer`, `unsigned`, and the whole broker on `memory`, `sqlite` or `redis`. Its parent gets its
 * address, then asks it what it has used.
 */
export type ServerKind = "echo" | "schema" | "reducer" | "unsigned" | "memory" | "sqlite" | "redis";

/** What the parent is told: first of all where. */
export interface Served {
  readonly url: string;
  readonly joinToken: string;
}
export interface Used {
  /** Of the whole process since it began, in microseconds. */
  readonly cpuUs: number;
  /** Of it, what the thread used that decides and answers. */
  readonly mainUs: number;
  /** After a collection, in bytes. */
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** A directory of its own, and the address of the server of a `redis` store. */
const [kind, directory, redis] = process.argv.slice(2) as [ServerKind, string, string];
// What is asked of one agent is bounded by its own time; nobody is lost while another server is measured.
const timing = { ...defaultTiming, activityTimeoutMs: 3_600_000 };
// As `broker-sim serve` logs, to where nobody has to read it.
const log = pino({ level: "info" }, pino.destination("/dev/null"));

/** The broker as it would be if it believed everybody: in this process only, and no part of the product. */
const withoutSignatures: Mutant = {
  name: "without-signatures",
  breaks: "I10",
  why: "What a request says of who sent it is believed, so that the rest of its way can be measured.",
  patches: [
    {
      file: "broker-sim/io/security/signed-requests.ts",
      find: "const claim = authentication.claim(request);",
      replace: `const { headers } = request;
    const claim = {
      agentId: String(headers["${agentHeader}"]),
      instanceId: String(headers["houseguest-instance"]),
      createdS: 0, nonce: "", contentDigest: "", base: Buffer.alloc(0), signature: Buffer.alloc(0),
    };`,
    },
    {
      file: "broker-sim/io/security/signed-requests.ts",
      find: "await authentication.verifyKnown(claim);",
      replace: "",
    },
    { file: "broker-sim/io/security/signed-requests.ts", find: "assertDigest(claim, body);", replace: "" },
    {
      file: "broker-sim/io/security/signed-requests.ts",
      find: "await authentication.verify(claim, publicKeyObject(publicKey));",
      replace: "",
    },
  ],
};

process.on("disconnect", () => process.exit(0));
process.on("message", () => tell(used()));
tell(await serve());

async function serve(): Promise<Served> {
  if (kind === "echo") return await serveEcho();
  if (kind === "schema" || kind === "reducer") return await serveRoute();
  if (kind === "unsigned") patchModules(withoutSignatures);
  // Only now, so that it is loaded as it was patched.
  const { startBroker } = await import("../broker-sim/io/broker-server.ts");
  const store =
    kind === "sqlite"
      ? ({ kind, directory } as const)
      : kind === "redis"
        ? ({ kind, address: parseRedisAddress(redis), directory } as const)
        : ({ kind: "memory" } as const);
  const record = (): void => undefined;
  const { url, joinToken } = await startBroker({ host: "127.0.0.1", port: 0, timing, store, log, record });
  return { url, joinToken };
}

async function serveEcho(): Promise<Served> {
  const app = fastify();
  app.post(routes.heartbeat, async (request) => request.body);
  return { url: await app.listen({ host: "127.0.0.1", port: 0 }), joinToken: "" };
}

/** The route with its schemas, and with the reducer behind it, in its body on the memory store. */
async function serveRoute(): Promise<Served> {
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const { BrokerService } = await import("../broker-sim/io/broker-service.ts");
  const clock = systemBrokerClock;
  const service = new BrokerService({
    state: startBrokerState({ timing, boot: "bench", nowMs: clock.nowMs() }),
    ...{ store: memoryStore(), blobs: memoryBlobStore(), clock, log },
    spawner: { perform: () => undefined },
    record: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
  const instanceId = randomUUID();
  const schema = { body: HeartbeatRequest, response: { 200: HeartbeatResponse } };
  app.post(routes.heartbeat, { schema }, async (request) => {
    if (kind === "schema") return { brokerTimeMs: clock.nowMs(), offers: [], renewed: [], lost: [] };
    const caller = { agentId: String(request.headers[agentHeader]), instanceId };
    if (!service.state.agents.has(caller.agentId)) {
      const revocation = { agentId: caller.agentId, signature: "s".repeat(86) };
      const message = { publicKey: "p".repeat(43), slots: 2, revocation };
      await service.handle({ type: "enrol", caller, message, joinTokenMatches: true, revocationVerified: true });
    }
    const response = await service.handle({ type: "heartbeat", caller, message: request.body });
    assert(response.ok, "whoever has enrolled is heard");
    return response.answer;
  });
  return { url: await app.listen({ host: "127.0.0.1", port: 0 }), joinToken: "" };
}

function used(): Used {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const main = process.threadCpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuUs: user + system, mainUs: main.user + main.system, residentBytes: rss, heapBytes: heapUsed };
}

function tell(message: Served | Used): void {
  process.send?.(message);
}
