import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { describe, expect, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { defaultTiming } from "../../protocol/timing.ts";
import { LiveBroker, temporaryDirectory } from "../testing/live-broker.ts";
import { digestOf, statusOf } from "../testing/signing-client.ts";

const act = (leaseId: string, action: Parameters<typeof routes.leaseAction>[1]) => routes.leaseAction(leaseId, action);

describe("over HTTP", () => {
  test("a job goes from submission through a pause, a checkpoint and a second agent to its result", async () => {
    const live = await LiveBroker.start();
    const [jobId] = await live.submit();
    const first = await live.agent();
    const [offer] = (await first.heartbeat()).body.offers;
    expect(offer).toMatchObject({ jobId, epoch: 1, job: { command: ["true"] } });
    const { epoch, leaseId } = offer;
    const accepted = await first.post(act(leaseId, "accept"), { epoch });
    expect(accepted.body).toEqual({ expiresAt: live.clock.nowMs() + 300_000 });

    const [archive, manifest] = [Buffer.from("archive"), Buffer.from("manifest")];
    const checkpoint = {
      manifestDigest: digestOf(manifest),
      archiveDigest: digestOf(archive),
      archiveBytes: archive.length,
      progress: 30,
      number: 1,
    };
    const early = await first.post(act(leaseId, "progress"), { epoch, progress: 30, checkpoint });
    expect([early.status, early.body.code]).toEqual([409, "unknown-checkpoint"]);
    for (const blob of [archive, manifest]) expect((await first.upload(leaseId, blob)).status).toBe(204);
    const handBack = { leaseId, jobId, epoch, progress: 30, checkpoint };
    const paused = await first.post(routes.paused, { reason: "owner", freezeMs: 3, checkpoints: [handBack] });
    expect(paused.status).toBe(200);
    expect(await live.job(jobId!)).toMatchObject({ state: "leased", progress: 30, checkpoint });
    expect((await first.post(routes.resumed, { reason: "owner" })).status).toBe(200);
    expect((await first.post(act(leaseId, "return"), { epoch, progress: 31, reason: "shutting down" })).status).toBe(
      200,
    );
    expect((await first.post(routes.shutdown, { reason: "SIGTERM", handedBack: [] })).status).toBe(200);

    const second = await live.agent();
    const [again] = (await second.heartbeat()).body.offers;
    expect(again).toMatchObject({ jobId, epoch: 2, checkpoint });
    await second.post(act(again.leaseId, "accept"), { epoch: 2 });
    const restored = await second.send("GET", routes.blob(checkpoint.archiveDigest));
    expect([restored.status, restored.bytes]).toEqual([200, archive]);
    const stale = { epoch: 1, outcome: "completed", exitCode: 0, progress: 99 };
    const fenced = await first.post(act(leaseId, "complete"), stale);
    expect([fenced.status, fenced.body.code]).toEqual([409, "fenced"]);
    const result = { epoch: 2, outcome: "completed", exitCode: 0, progress: 100, result: "5050\n" };
    for (const _ of [1, 2]) expect((await second.post(act(again.leaseId, "complete"), result)).status).toBe(200);
    expect(await live.job(jobId!)).toMatchObject({
      state: "completed",
      result: "5050\n",
      exitCode: 0,
      agentId: second.agentId,
    });
    const gone = await second.send("GET", routes.blob(checkpoint.archiveDigest));
    expect([gone.status, gone.body.code]).toEqual([404, "not-found"]);
    expect(live.history.filter(({ type }) => type === "broker.leased")).toHaveLength(2);
  });

  test("an expired lease is fenced, though no timer and no other agent was there in between", async () => {
    const live = await LiveBroker.start();
    const [jobId] = await live.submit();
    const agent = await live.agent();
    const [offer] = (await agent.heartbeat()).body.offers;
    await agent.post(act(offer.leaseId, "accept"), { epoch: 1 });
    live.clock.advance(300_000);
    const answer = await agent.post(act(offer.leaseId, "complete"), {
      epoch: 1,
      outcome: "completed",
      exitCode: 0,
      progress: 1,
    });
    expect([answer.status, answer.body.code]).toEqual([409, "fenced"]);
    expect((await agent.heartbeat({ slotsFree: 0, leases: [statusOf(offer)] })).body.lost).toHaveLength(1);
    expect(await live.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 1 });
  });

  test("the alarm clock alone expires leases and loses agents", async () => {
    const live = await LiveBroker.start();
    const [jobId] = await live.submit();
    const agent = await live.agent();
    const [offer] = (await agent.heartbeat()).body.offers;
    await agent.post(act(offer.leaseId, "accept"), { epoch: 1 });
    const { activityTimeoutMs, leaseTtlMs } = defaultTiming;
    live.clock.advance(activityTimeoutMs);
    expect((await live.call("GET", routes.agents)).body.agents[0]).toMatchObject({
      standing: "lost",
      leases: [offer.leaseId],
    });
    live.clock.advance(leaseTtlMs - activityTimeoutMs);
    expect(await live.job(jobId!)).toMatchObject({ state: "queued" });
  });

  test("the old instance of an agent that started anew is fenced", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const before = agent.instanceId;
    agent.instanceId = "00000000-0000-4000-8000-000000000001";
    expect((await agent.enrol(live.broker.joinToken)).status).toBe(200);
    expect((await agent.heartbeat()).status).toBe(200);
    agent.instanceId = before;
    const answer = await agent.heartbeat();
    expect([answer.status, answer.body.code]).toEqual([409, "fenced"]);
  });
});

describe("the operator", () => {
  test("lists, cancels and commands; unknown things are 404", async () => {
    const live = await LiveBroker.start();
    const jobIds = await live.submit(3);
    const agent = await live.agent();
    expect((await live.call("POST", routes.jobCancel(jobIds[1]!))).body).toEqual({ ok: true });
    const { jobs } = (await live.call("GET", routes.jobs)).body;
    expect(jobs.map((job: { jobId: string }) => job.jobId)).toEqual(jobIds);
    expect((await live.call("GET", `${routes.jobs}?state=cancelled`)).body.jobs).toHaveLength(1);
    expect((await live.call("POST", routes.agentCommands(agent.agentId), { command: "pause" })).body).toEqual({
      ok: true,
    });
    expect((await live.call("GET", routes.health)).body).toEqual({ ok: true, jobsLive: 2, jobsQueued: 2, agents: 1 });
    const missing = [
      await live.call("GET", routes.job("job-x-1")),
      await live.call("POST", routes.jobCancel("job-x-1")),
      await live.call("POST", routes.agentCommands("0".repeat(64)), { command: "pause" }),
      await live.call("GET", "/api/v1/nothing"),
    ];
    expect(missing.map(({ status, body }) => [status, body.code])).toEqual([
      [404, "unknown-job"],
      [404, "unknown-job"],
      [404, "unknown-agent"],
      [404, "not-found"],
    ]);
    expect((await live.call("POST", routes.jobCancel(jobIds[1]!))).status).toBe(200);
    expect((await live.call("POST", routes.jobs, { jobs: [] })).status).toBe(400);
  });

  test.each([{ host: "evil.example" }, { origin: "http://evil.example" }, { origin: "null" }])(
    "is not a web page: %o",
    async (headers) => {
      const live = await LiveBroker.start();
      const [jobId] = await live.submit();
      const call = request(live.url + routes.jobCancel(jobId!), { method: "POST", headers }).end();
      const [answer] = (await once(call, "response")) as [IncomingMessage];
      answer.resume();
      expect(answer.statusCode).toBe(400);
      expect(await live.job(jobId!)).toMatchObject({ state: "queued" });
    },
  );
});

describe("a broker that is killed and started again on its data", () => {
  test("knows its agents, its token, its jobs and their epochs", async () => {
    const directory = temporaryDirectory();
    const before = await LiveBroker.start({ directory });
    const [jobId] = await before.submit();
    const agent = await before.agent();
    const [offer] = (await agent.heartbeat()).body.offers;
    await agent.post(act(offer.leaseId, "accept"), { epoch: 1 });
    const { joinToken, url } = before.broker;
    await before.broker.close();
    const clock = before.clock;
    const after = await LiveBroker.start({ directory, clock, port: Number(new URL(url).port) });
    expect(after.broker.joinToken).toBe(joinToken);
    const replayed = await agent.replay();
    expect([replayed.status, replayed.body.code]).toEqual([401, "stale-signature"]);
    clock.advance(1_000);
    const { body } = await agent.heartbeat({ state: "Working", slotsFree: 0, leases: [statusOf(offer)] });
    expect(body.renewed).toHaveLength(1);
    await agent.post(act(offer.leaseId, "return"), { epoch: 1, progress: 0, reason: "x" });
    const [next] = (await agent.heartbeat()).body.offers;
    expect(next).toMatchObject({ jobId });
    // Above every epoch that a store could have forgotten.
    expect(next.epoch).toBeGreaterThan(1);
  });
});

describe("a broker whose store fails", () => {
  test("acknowledges nothing any more, and says so to whoever runs it", async () => {
    const live = await LiveBroker.start();
    const failed = live.broker.failed.catch((error: unknown) => error);
    const { state } = live.broker.service;
    // What cannot be written as JSON cannot be stored.
    const loop: { self?: unknown } = {};
    loop.self = loop;
    const [jobId] = await live.submit();
    Object.assign(state.jobs.get(jobId!)!, { loop });
    expect((await live.call("POST", routes.jobCancel(jobId!))).status).toBe(500);
    expect(await failed).toBeInstanceOf(TypeError);
  });
});
