import { Redis } from "ioredis";
import { pino } from "pino";
import { beforeEach, expect, onTestFinished, test } from "vitest";

import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import { routes } from "../../../protocol/routes.ts";
import { Load } from "../../testing/load.ts";
import { redisBroker, redisServer } from "../../testing/redis-broker.ts";
import { operatorHeaders } from "../../testing/served-broker.ts";
import { SigningClient } from "../../testing/signing-client.ts";
import { obstacleToRedis } from "../../testing/redis-server.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { redisStore } from "./redis-store.ts";

beforeEach((context) => {
  const obstacle = obstacleToRedis();
  if (obstacle !== undefined) context.skip(obstacle);
});

/** Longer than anybody waits for an answer, plus what a busy machine takes; whoever is not told in time hangs. */
const answerMsMax = 30_000;
const pauseMs = 5_000;

test("under load no job is lost and none has two holders, whatever becomes of the server (I1, I3)", async () => {
  const redis = await redisServer();
  const broker = await redisBroker(redis);
  const load = new Load(broker);
  load.begin(4);
  const flusher = new Redis({
    ...parseRedisAddress(redis.url).connection,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  });
  onTestFinished(() => flusher.disconnect());
  // It loses its connection with everybody else.
  flusher.on("error", () => undefined);
  const isAway = (): number => load.refusals.get("store-away") ?? 0;
  for (let round = 0; round < 6; round += 1) {
    await load.answered(50);
    await flusher.script("FLUSH");
    await load.answered(20);
    const before = isAway();
    await redis.kill();
    await load.until(() => isAway() > before);
    // The last time it comes back with nothing, as one without a disk does.
    if (round === 5) redis.wipe();
    await redis.restart();
  }
  await load.answered(50);
  const before = isAway();
  const pausedAt = performance.now();
  redis.pause();
  await load.until(() => isAway() > before + 10 && performance.now() - pausedAt > pauseMs);
  redis.resume();
  await load.answered(50);
  await load.finish();

  expect(load.wrongs).toEqual([]);
  expect(load.accepted.length).toBeGreaterThan(20);
  expect(load.slowestMs).toBeLessThan(answerMsMax);
  const expected = ["store-away", "offer-lapsed", "fenced", "replayed"];
  expect([...load.refusals.keys()].filter((code) => !expected.includes(code))).toEqual([]);
  await broker.close();
  const store = await redisStore({ address: parseRedisAddress(redis.url), log: pino({ level: "silent" }) });
  const { jobs } = await store.load();
  await store.close();
  const ended = new Set(jobs.filter(({ completedAt }) => completedAt !== null).map(({ jobId }) => jobId));
  expect(load.accepted.filter((jobId) => !ended.has(jobId))).toEqual([]);
});

test("while the server is away nothing is taken, and whoever asks is told so in time", async () => {
  const redis = await redisServer();
  const broker = await redisBroker(redis);
  await redis.kill();
  const body = JSON.stringify({ jobs: [{ command: ["true"] }] });
  const headers = { ...operatorHeaders(broker), "content-type": "application/json" };
  const submit = async (): Promise<Response> =>
    await fetch(broker.url + routes.jobs, { method: "POST", body, headers });
  const refused = await submit();
  expect(refused.status).toBe(503);
  const problem = await refused.json();
  expect(problem).toEqual({ code: "store-away", message: expect.stringContaining(parseRedisAddress(redis.url).shown) });
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(503);
  await redis.restart();
  await expect.poll(async () => (await fetch(`${broker.url}/healthz`)).status).toBe(200);
  const { jobs } = (await (await fetch(broker.url + routes.jobs, { headers })).json()) as { jobs: unknown[] };
  expect(jobs).toEqual([]);
  expect((await submit()).status).toBe(200);
});

test("what is not written yet is told to nobody: no key counts as revoked before its revocation is kept (I7)", async () => {
  const redis = await redisServer();
  const broker = await redisBroker(redis);
  const agent = new SigningClient(broker.url);
  expect((await agent.enrol(broker.joinToken)).status).toBe(200);
  redis.pause();
  const withdrawn = await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() });
  expect([withdrawn.status, withdrawn.body.code]).toEqual([503, "store-away"]);
  expect(broker.service.state.agents.get(agent.agentId)?.standing).toBe("revoked");
  expect((await agent.heartbeat()).body.code).toBe("store-away");
  redis.resume();
  await expect.poll(async () => (await agent.heartbeat()).body.code).toBe("revoked");
});

test("a join token is neither made, nor revoked, nor used before that is written, and whoever asks is told so in time", async () => {
  const redis = await redisServer();
  const broker = await redisBroker(redis);
  const call = async (method: string, path: string, body?: unknown) => {
    const headers = {
      ...operatorHeaders(broker),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const signal = AbortSignal.timeout(answerMsMax);
    const response = await fetch(broker.url + path, { method, headers, signal, ...json });
    // Tests read into it; a wrong guess shows as undefined.
    // oxlint-disable-next-line typescript/no-explicit-any
    const answer = (await response.json()) as any;
    return { code: response.ok ? "ok" : String(answer.code), ...answer };
  };
  const [used, revoked] = [await call("POST", routes.joinTokens, {}), await call("POST", routes.joinTokens, {})];
  const [agent, other] = [new SigningClient(broker.url), new SigningClient(broker.url)];
  redis.pause();
  // It shows only in these that the server does not answer.
  const first = await Promise.all([
    call("DELETE", routes.joinToken(revoked.tokenId)),
    agent.enrol(used.joinToken).then(({ body }) => body),
    call("POST", routes.joinTokens, {}),
    call("GET", routes.joinTokens),
  ]);
  expect(first.map(({ code }) => code)).toEqual(first.map(() => "store-away"));
  // From here on nothing is begun any more.
  expect((await call("POST", routes.joinTokens, {})).message).toContain("Nothing was done");
  expect((await call("DELETE", routes.joinToken(used.tokenId))).message).toContain("Nothing was done");
  expect((await other.enrol(revoked.joinToken)).body.message).toContain("Nothing was done");
  redis.resume();
  const tokensNow = async (): Promise<[string, unknown][]> =>
    ((await call("GET", routes.joinTokens)).joinTokens ?? []).map((one: { tokenId: string; usedBy: unknown }) => [
      one.tokenId,
      one.usedBy,
    ]);
  // What was begun is done, in order.
  await expect.poll(tokensNow).toEqual([
    [used.tokenId, agent.agentId],
    [expect.any(String), null],
  ]);
  expect((await other.enrol(revoked.joinToken)).body.code).toBe("bad-join-token");
  expect((await other.enrol(used.joinToken)).body.code).toBe("bad-join-token");
  expect((await agent.enrol(used.joinToken)).status).toBe(200);
  // Killed, it comes back with the same.
  await broker.close();
  const again = await redisBroker(redis);
  const kept = await fetch(again.url + routes.joinTokens, { headers: operatorHeaders(again) });
  expect(((await kept.json()) as { joinTokens: unknown[] }).joinTokens).toHaveLength(2);
});

test("a token that is revoked while the server is away is not called revoked, nor taken for it", async () => {
  const redis = await redisServer();
  const broker = await redisBroker(redis);
  const headers = operatorHeaders(broker);
  const json = { ...headers, "content-type": "application/json" };
  const made = await fetch(broker.url + routes.joinTokens, { method: "POST", body: "{}", headers: json });
  const { tokenId } = (await made.json()) as { tokenId: string };
  await redis.kill();
  await expect.poll(async () => (await fetch(`${broker.url}/healthz`)).status).toBe(503);
  const signal = AbortSignal.timeout(answerMsMax);
  const refused = await fetch(broker.url + routes.joinToken(tokenId), { method: "DELETE", headers, signal });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, "store-away"]);
  const listed = await fetch(broker.url + routes.joinTokens, { headers, signal });
  expect(await listed.json()).toMatchObject({ joinTokens: [{ tokenId }] });
});

test("ends in time while the server is away", async () => {
  const redis = await redisServer();
  const broker = await redisBroker(redis);
  redis.pause();
  const endedIn = performance.now();
  await broker.close();
  expect(performance.now() - endedIn).toBeLessThan(answerMsMax);
  redis.resume();
});

test("fails by name when another broker takes its place", async () => {
  const redis = await redisServer();
  const first = await redisBroker(redis);
  await expect(redisBroker(redis)).rejects.toMatchObject({ code: "store-locked" });
  await redisBroker(redis, { takeOver: true });
  await expect(first.failed).rejects.toMatchObject({ code: "store-taken-over" });
  expect((await fetch(`${first.url}/healthz`)).status).toBe(500);
});

test("a server that keeps nothing is refused by name, unless that is allowed", async () => {
  const volatile = await redisServer(["--appendonly", "no"]);
  await expect(redisBroker(volatile)).rejects.toMatchObject({
    code: "store-volatile",
    message: /may lose accepted jobs/,
  });
  await redisBroker(volatile, { allowVolatile: true });
  const evicting = await redisServer(["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"]);
  await expect(redisBroker(evicting)).rejects.toMatchObject({ code: "store-volatile", message: /allkeys-lru/ });
});

test("a wrong password is refused, and told to nobody", async () => {
  const redis = await redisServer(["--requirepass", "right"]);
  const address = parseRedisAddress(redis.url.replace("redis+unix://", "redis+unix://default:s3cret@localhost"));
  expect(address.connection.password).toBe("s3cret");
  const said: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => said.push(line) });
  const refused = await redisStore({ address, log }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "store-refused" });
  const right = parseRedisAddress(redis.url.replace("redis+unix://", "redis+unix://default:right@localhost"));
  await (await redisStore({ address: right, log })).close();
  const everything = JSON.stringify([said, refused, String(refused), (refused as Error).stack]);
  expect(everything).not.toMatch(/s3cret|default:right/);
});

test("every step of a job, of an agent and of one that the broker starts is published as the history tells it, in order (OR-3)", async () => {
  const redis = await redisServer();
  const told: [string, unknown][] = [];
  const record: RecordEvent = (type, data) => {
    if (type === "broker.job" && "to" in data) told.push([`{houseguest}:job.${data.to}`, data]);
    if (type === "broker.agent" && "standing" in data) told.push([`{houseguest}:agent.${data.standing}`, data]);
    if (type === "broker.execution" && "to" in data && data.to !== "spawning") {
      told.push([`{houseguest}:agent.${data.to}`, data]);
    }
  };
  const broker = await redisBroker(redis, { record });
  const listener = new Redis(parseRedisAddress(redis.url).connection);
  onTestFinished(() => listener.disconnect());
  const heard: [string, unknown][] = [];
  await listener.psubscribe("{houseguest}:job.*", "{houseguest}:agent.*");
  listener.on("pmessage", (_pattern, channel: string, message: string) => {
    const { commit, ...data } = JSON.parse(message) as Record<string, unknown>;
    expect(commit).toBeGreaterThan(0);
    heard.push([channel, data]);
  });
  const agent = new SigningClient(broker.url);
  await agent.enrol(broker.joinToken);
  const body = JSON.stringify({ jobs: [{ command: ["true"] }] });
  const headers = { ...operatorHeaders(broker), "content-type": "application/json" };
  await fetch(broker.url + routes.jobs, { method: "POST", body, headers });
  const [lease] = (await agent.heartbeat()).body.offers;
  await agent.post(routes.leaseAction(lease.leaseId, "accept"), { epoch: lease.epoch });
  const outcome = { epoch: lease.epoch, outcome: "completed", exitCode: 0, progress: 1 };
  await agent.post(routes.leaseAction(lease.leaseId, "complete"), outcome);
  await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() });
  await fetch(broker.url + routes.executions, { method: "POST", body: "{}", headers });
  const channels = ["job.queued", "job.offered", "job.leased", "job.completed", "agent.revoked"];
  channels.push("agent.running", "agent.completed");
  await expect.poll(() => heard.length).toBe(channels.length);
  expect(heard).toEqual(told);
  expect(heard.map(([channel]) => channel)).toEqual(channels.map((channel) => `{houseguest}:${channel}`));
});
