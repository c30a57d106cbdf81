import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { BrokerBody } from "./testing/model/broker-body.ts";
import { CoreBody } from "./testing/model/core-body.ts";
import { HttpBody } from "./testing/model/http-body.ts";
import { askedReplay, replayVariable, runModel, tellFailure, timesVariable } from "./testing/model/run-model.ts";
import { ServiceBody } from "./testing/model/service-body.ts";
import { RedisHome, SqliteHome, memoryHome } from "./testing/model/store-home.ts";
import { type RedisForTests, findRedis, ownNamespace } from "./testing/find-redis.ts";

let redis: RedisForTests | string;

// A container may have to be made first. One of our own need not wait for its disk: no power fails here.
beforeAll(async () => {
  redis = await findRedis(["--appendfsync", "no"]);
});
afterAll(async () => {
  if (typeof redis !== "string") await redis.stop();
});

interface Kind {
  readonly name: string;
  /** Of every `npm test`. */
  readonly runs: number;
  readonly start: () => Promise<BrokerBody>;
}

const bodies: readonly Kind[] = [
  { name: "core", runs: 200, start: async () => new CoreBody() },
  { name: "memory", runs: 150, start: async () => await ServiceBody.start(memoryHome()) },
  { name: "sqlite", runs: 50, start: async () => await ServiceBody.start(new SqliteHome()) },
  { name: "redis", runs: 50, start: async () => await ServiceBody.start(new RedisHome(ownNamespace(urlOf(redis)))) },
  { name: "http", runs: 4, start: async () => await HttpBody.start() },
];
const replay = askedReplay();

describe("the rules of leases, epochs and jobs (I1, I2, I3, I4, L2)", () => {
  test.for(bodies)("hold of the broker on $name, whatever happens", { timeout: 3_600_000 }, async (body, context) => {
    if (body.name === "redis" && typeof redis === "string") return context.skip(redis);
    if (replay !== undefined && replay.name !== body.name) return context.skip(`${replay.name} is played again`);
    const runs = body.runs * Number(process.env[timesVariable] ?? 1);
    const seed = replay?.seed ?? randomInt(2 ** 31);
    console.log(`${body.name}: up to ${runs} runs; all of them again: ${replayVariable}=${body.name}/${seed}`);
    const failure = await runModel({ ...body, runs, seed, replay });
    expect(failure, failure === null ? "" : tellFailure(failure)).toBeNull();
  });
});

function urlOf(found: RedisForTests | string): string {
  if (typeof found === "string") throw new Error(found);
  return found.url;
}
