import { once } from "node:events";
import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf } from "../../testing/core-broker.ts";
import { CuttableWay } from "../../testing/cuttable-way.ts";
import {
  type RedisForTests,
  findRedis,
  forgetNamespace,
  ownNamespace,
  redisVariable,
} from "../../testing/find-redis.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { type RedisStoreOptions, redisStore } from "./redis-store.ts";
import type { BrokerStore } from "./store.ts";
import { storeContract } from "./store.contract.ts";

let redis: RedisForTests | string;
let url: string;

// A container may have to be made first.
beforeAll(async () => {
  redis = await findRedis();
});
afterAll(async () => {
  if (typeof redis !== "string") await redis.stop();
});
beforeEach((context) => {
  if (typeof redis === "string") context.skip(redis);
  else url = ownNamespace(redis.url);
});

const quiet = pino({ level: "silent" });

async function open(options: Partial<RedisStoreOptions> = {}): Promise<BrokerStore> {
  // Whoever's server REDIS_URL names need not write to its disk for these tests.
  return await redisStore({ address: parseRedisAddress(url), log: quiet, allowVolatile: true, ...options });
}

storeContract("Redis", { open, cleanUp: async () => await forgetNamespace(url), keeps: true });

test("the server is a real one, from where it was wanted if that was said", () => {
  const wanted = process.env[redisVariable];
  expect(redis).toMatchObject({ from: wanted ?? expect.stringMatching(/^(REDIS_URL|container|spawned)$/) });
});

describe("the Redis store", () => {
  const scene = (): { broker: CoreBroker; jobId: string; agent: CoreAgent } => {
    const broker = new CoreBroker();
    const [jobId = ""] = broker.submit();
    return { broker, jobId, agent: new CoreAgent(broker).enrol() };
  };
  const own = async (): Promise<BrokerStore> => {
    const store = await open();
    onTestFinished(async () => {
      await store.close();
      await forgetNamespace(url);
    });
    return store;
  };
  const put = async (store: BrokerStore, record: { readonly jobId: string }): Promise<void> => {
    await store.commit({ jobs: new Map([[record.jobId, JSON.stringify(record)]]), agents: new Map() });
  };
  const client = (): Redis => {
    const made = new Redis(parseRedisAddress(url).connection);
    onTestFinished(() => made.disconnect());
    return made;
  };
  const key = (name: string): string => `{${parseRedisAddress(url).namespace}}:${name}`;

  test("refuses a second broker while the first is there, and lets it in when that is gone", async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: "store-locked", retriable: true });
    await first.close();
    await own();
  });

  test("is claimed once, though the answer was lost and it is asked for again", async () => {
    const way = await CuttableWay.to(url);
    onTestFinished(async () => {
      await way.close();
      await forgetNamespace(url);
    });
    const other = client();
    // So that the whole script is sent, by which it is known.
    await other.script("FLUSH");
    way.cutAnswerTo("listeners > 0");
    const store = await redisStore({ address: parseRedisAddress(way.url(url)), log: quiet, allowVolatile: true });
    onTestFinished(async () => await store.close());
    expect([way.cuts, await other.hget(key("writer"), "generation")]).toEqual([1, "1"]);
  });

  test("tells the broker whose place was taken, at once and at its next commit", async () => {
    const first = await own();
    const lost = new Promise((resolve) => first.onLost(resolve));
    const second = await open({ takeOver: true });
    onTestFinished(async () => await second.close());
    expect(await lost).toMatchObject({ code: "store-taken-over" });
    const { broker, jobId } = scene();
    await expect(put(first, broker.job(jobId))).rejects.toMatchObject({ code: "store-taken-over" });
    expect((await second.load()).jobs).toEqual([]);
    await put(second, broker.job(jobId));
    // Who comes to hear of it later, hears of it too.
    expect(await new Promise((resolve) => first.onLost(resolve))).toMatchObject({ code: "store-taken-over" });
  });

  test("tells a broker that writes nothing, and did not hear, that its place was taken", async () => {
    const first = await own();
    const lost = new Promise((resolve) => first.onLost(resolve));
    await client().hset(key("writer"), { token: "somebody else", generation: 1_000 });
    expect(await lost).toMatchObject({ code: "store-taken-over" });
  });

  test("publishes every change with the commit that makes it, in order", async () => {
    const store = await own();
    const listener = client();
    await listener.psubscribe(key("job.*"), key("agent.*"));
    const heard: unknown[] = [];
    listener.on("pmessage", (_pattern, channel: string, message: string) => heard.push([channel, JSON.parse(message)]));
    const changes = [
      { topic: "job.offered", data: { jobId: "job-a-1", from: "queued" } },
      { topic: "job.leased", data: { jobId: "job-a-1", from: "offered" } },
      { topic: "agent.lost", data: { agentId: "a" } },
    ];
    await store.commit({ jobs: new Map(), agents: new Map(), changes });
    while (heard.length < 3) await once(listener, "pmessage");
    expect(heard).toEqual([
      [key("job.offered"), { commit: 1, jobId: "job-a-1", from: "queued" }],
      [key("job.leased"), { commit: 1, jobId: "job-a-1", from: "offered" }],
      [key("agent.lost"), { commit: 1, agentId: "a" }],
    ]);
  });

  test("goes on when the server's scripts were flushed", async () => {
    const store = await own();
    const { broker, jobId } = scene();
    await put(store, broker.job(jobId));
    await client().script("FLUSH");
    await put(store, { ...broker.job(jobId), progress: 1 } as never);
    expect(JSON.parse((await client().hget(key("jobs"), jobId)) ?? "")).toMatchObject({ progress: 1 });
  });

  test("goes on over a connection that was cut", async () => {
    const store = await own();
    const { broker, jobId } = scene();
    await client().call("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await put(store, broker.job(jobId));
    expect(await client().hexists(key("jobs"), jobId)).toBe(1);
  });

  test("writes a commit once, though its answer was lost and it is asked for again", async () => {
    const way = await CuttableWay.to(url);
    const store = await redisStore({ address: parseRedisAddress(way.url(url)), log: quiet, allowVolatile: true });
    onTestFinished(async () => {
      await store.close();
      await way.close();
      await forgetNamespace(url);
    });
    const listener = client();
    await listener.subscribe(key("job.queued"));
    const heard: string[] = [];
    listener.on("message", (_channel: string, message: string) => heard.push(message));
    const changes = [{ topic: "job.queued", data: {} }];
    way.cutNextAnswer();
    await store.commit({ jobs: new Map(), agents: new Map(), changes });
    await store.commit({ jobs: new Map(), agents: new Map(), changes });
    while (heard.length < 2) await once(listener, "message");
    expect([way.cuts, ...heard]).toEqual([1, '{"commit":1}', '{"commit":2}']);
  });

  test("brings everything back when the server has lost it, also while there is nothing to write (case 69)", async () => {
    const store = await own();
    const { broker, agent, jobId } = scene();
    await store.writeSetting("join-token", "one");
    broker.do({ type: "spawn", spec: { slots: 1, sandbox: "auto" } });
    broker.do({
      type: "invite",
      connectionId: "conn-0000000000000001",
      name: "hub",
      secretDigest: "d".repeat(64),
      invitedUntil: 1,
    });
    const [executions, federation] = [[...broker.storedExecutions], [...broker.storedFederation]];
    await store.commit({
      executions: new Map(executions.map(([id, record]) => [id, JSON.stringify(record)])),
      federation: new Map(federation.map(([id, record]) => [id, JSON.stringify(record)])),
      jobs: new Map([[jobId, JSON.stringify(broker.job(jobId))]]),
      agents: new Map([[agent.agentId, JSON.stringify(broker.storedAgents.get(agent.agentId))]]),
    });
    const other = client();
    const before = JSON.stringify(broker.job(jobId));
    const [lease] = agent.takeWork(1);
    await put(store, broker.job(jobId));
    // The last commit is gone, as after a failover to a replica that lagged.
    await other.multi().hset(key("jobs"), jobId, before).hincrby(key("writer"), "commit", -1).exec();
    answerOf(agent.complete(lease!));
    await put(store, broker.job(jobId));
    expect(JSON.parse((await other.hget(key("jobs"), jobId)) ?? "")).toMatchObject({ state: "completed" });
    await other.del(["writer", "jobs", "agents", "settings", "executions", "federation"].map(key));
    while ((await other.exists(key("writer"))) === 0) await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    const next = await open();
    onTestFinished(async () => await next.close());
    expect((await next.load()).jobs).toMatchObject([{ jobId, state: "completed" }]);
    expect((await next.load()).agents).toHaveLength(1);
    expect((await next.load()).executions).toEqual(executions.map(([, record]) => record));
    expect((await next.load()).federation).toEqual(federation.map(([, record]) => record));
    expect(await next.readSetting("join-token")).toBe("one");
  });

  test("does not write over what somebody else wrote while it looked away", async () => {
    const store = await own();
    const { broker, jobId } = scene();
    await put(store, broker.job(jobId));
    const later = JSON.stringify({ ...broker.job(jobId), epoch: 9 });
    await client().multi().hset(key("jobs"), jobId, later).hincrby(key("writer"), "commit", -1).exec();
    await expect(put(store, broker.job(jobId))).rejects.toMatchObject({ code: "store-diverged" });
    expect(await client().hget(key("jobs"), jobId)).toBe(later);
  });

  test("that another broker claimed after the server lost all is that one's: nothing of it is overwritten (I1, I3)", async () => {
    // Each start counts one more, so that the first is ahead of whoever finds nothing.
    for (let start = 0; start < 3; start += 1) await (await own()).close();
    const way = await CuttableWay.to(url);
    const first = await redisStore({ address: parseRedisAddress(way.url(url)), log: quiet, allowVolatile: true });
    onTestFinished(async () => {
      await first.close();
      await way.close();
    });
    const { broker: before, jobId: accepted } = scene();
    await put(first, before.job(accepted));
    // It looks away for as long as the other one needs.
    way.hold();
    await client().del(["writer", "jobs", "agents", "settings", "executions", "federation"].map(key));
    const second = await own();
    const { broker, agent } = scene();
    const [lease] = agent.takeWork(1);
    answerOf(agent.complete(lease!));
    // The scenes name their jobs alike, and each broker names its own after its start.
    const settled = { ...broker.job(lease!.jobId), jobId: "job-other-1" };
    await put(second, settled);
    const writing = put(first, before.job(accepted)).catch((error: unknown) => error);
    way.release();
    expect(await writing).toMatchObject({ code: "store-taken-over" });
    await put(second, settled);
    expect(await client().hkeys(key("jobs"))).toEqual([settled.jobId]);
    expect(JSON.parse((await client().hget(key("jobs"), settled.jobId)) ?? "")).toEqual(settled);
  });

  test("goes on with a server that fell back to the state of a start before", async () => {
    await (await own()).close();
    const other = client();
    const earlier = await other.hgetall(key("writer"));
    const store = await own();
    const { broker, jobId } = scene();
    await put(store, broker.job(jobId));
    await other.multi().del(key("writer"), key("jobs")).hset(key("writer"), earlier).exec();
    await put(store, { ...broker.job(jobId), progress: 1 } as never);
    expect(JSON.parse((await other.hget(key("jobs"), jobId)) ?? "")).toMatchObject({ progress: 1 });
  });

  test("of a later version is not touched", async () => {
    await (await own()).close();
    await client().hset(key("writer"), "layout", 2);
    await expect(open()).rejects.toMatchObject({ code: "store-too-new" });
  });

  test("with what is no store under its names is refused", async () => {
    await client().set(key("writer"), "mine");
    onTestFinished(async () => await forgetNamespace(url));
    const refused = { code: "store-corrupt", exitCode: 64, next: expect.stringContaining("namespace") };
    await expect(open()).rejects.toMatchObject(refused);
  });

  test("in which one of its keys is something else is refused", async () => {
    await (await own()).close();
    await client().multi().del(key("agents")).lpush(key("agents"), "a list").exec();
    await expect(open()).rejects.toMatchObject({
      code: "store-corrupt",
      message: expect.stringContaining("WRONGTYPE"),
    });
  });

  // Breaks a record on purpose.
  // oxlint-disable-next-line typescript/no-explicit-any
  type Change = (job: Record<string, any>) => void;
  const settledBy = { leaseId: "lease-a-1-0" };
  test.each<[string, Change, "leased" | "settled"]>([
    ["an epoch goes down", (job) => (job["epoch"] -= 1), "leased"],
    ["a lease changes hands under its epoch", (job) => (job["grant"].agentId = "f".repeat(64)), "leased"],
    ["a lease becomes an offer again", (job) => (job["state"] = "offered"), "leased"],
    ["a grant has an old epoch", (job) => (job["grant"] = { ...job["grant"], epoch: job["epoch"] - 1 }), "leased"],
    [
      "a job is completed under a lease that is over",
      (job) => Object.assign(job, { state: "completed", grant: null, settledBy }),
      "leased",
    ],
    ["a live job is forgotten", (job) => delete job["jobId"], "leased"],
    ["a settled job changes", (job) => (job["state"] = "failed"), "settled"],
    ["a settled job ends again", (job) => (job["completedAt"] += 1), "settled"],
    ["a settled job is queued again", (job) => (job["state"] = "queued"), "settled"],
  ])("writes nothing of a commit in which %s, and says so (I1, I2, I3)", async (_name, change, before) => {
    const store = await own();
    const { broker, agent, jobId } = scene();
    const [lease] = agent.takeWork(1);
    if (before === "settled") answerOf(agent.complete(lease!));
    const [other = ""] = broker.submit();
    await put(store, broker.job(jobId));
    const job = structuredClone(broker.job(jobId));
    change(job);
    const writes = new Map([
      [other, JSON.stringify(broker.job(other))],
      [jobId, job.jobId === undefined ? null : JSON.stringify(job)],
    ]);
    await expect(store.commit({ jobs: writes, agents: new Map() })).rejects.toMatchObject({ code: "store-diverged" });
    expect(await client().hkeys(key("jobs"))).toEqual([jobId]);
    expect(JSON.parse((await client().hget(key("jobs"), jobId)) ?? "")).toEqual(broker.job(jobId));
  });
});
