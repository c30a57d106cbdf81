import { describe, expect, test } from "vitest";

import { backoffAfter } from "../../protocol/backoff.ts";
import { routes } from "../../protocol/routes.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { LiveBroker, temporaryDirectory } from "../testing/live-broker.ts";
import type { SigningClient } from "../testing/signing-client.ts";

async function submit(live: LiveBroker, ...priorities: readonly (number | undefined)[]): Promise<string[]> {
  const jobs = priorities.map((priority) => ({ command: ["true"], ...(priority === undefined ? {} : { priority }) }));
  return (await live.call("POST", routes.jobs, { jobs })).body.jobIds;
}

const offeredTo = async (agent: SigningClient): Promise<string[]> =>
  (await agent.heartbeat()).body.offers.map(({ jobId }: { jobId: string }) => jobId);

describe("priorities", () => {
  test("decide who is offered first, and are shown as they were submitted", async () => {
    const live = await LiveBroker.start();
    const [usual, low, high, second] = await submit(live, undefined, -10, 10, 10);
    expect(await offeredTo(await live.agent())).toEqual([high, second]);
    expect(await offeredTo(await live.agent())).toEqual([usual, low]);
    expect((await live.job(high!)).job.priority).toBe(10);
    expect((await live.job(usual!)).job).not.toHaveProperty("priority");
  });

  test.each([11, -11, 0.5, "high", null])("of %j are refused, and nothing is submitted", async (priority) => {
    const live = await LiveBroker.start();
    const jobs = [{ command: ["true"] }, { command: ["true"], priority }];
    const { status, body } = await live.call("POST", routes.jobs, { jobs });
    expect([status, body.code]).toEqual([400, "bad-request"]);
    expect((await live.call("GET", routes.jobs)).body.jobs).toEqual([]);
  });

  test("stand in the documentation with their range", async () => {
    const live = await LiveBroker.start();
    const text = JSON.stringify((await live.call("GET", "/documentation")).body);
    expect(text).toContain('"priority":{"type":"integer","minimum":-10,"maximum":10}');
  });
});

/** A job that its first holder's death threw back. */
async function failedOnce({ directory, timing }: { directory?: string; timing?: Partial<Timing> } = {}) {
  const live = await LiveBroker.start({ ...(directory === undefined ? {} : { directory }), ...(timing && { timing }) });
  const [jobId] = await live.submit();
  const holder = await live.agent();
  const [{ leaseId, epoch }] = (await holder.heartbeat()).body.offers;
  await holder.post(routes.leaseAction(leaseId, "accept"), { epoch });
  const body = { epoch, progress: 0, reason: "the agent died while it ran", agentDied: true };
  await holder.post(routes.leaseAction(leaseId, "return"), body);
  const { waitsUntil } = await live.job(jobId!);
  return { live, jobId: jobId!, holder, untilMs: waitsUntil! };
}

describe("a job after a failed attempt", () => {
  test("waits in the queue, says until when, and then wakes who listens, without a request of anybody", async () => {
    const { live, jobId, untilMs } = await failedOnce();
    const { leastMs, mostMs } = backoffAfter(1, defaultTiming);
    expect(untilMs - live.clock.nowMs()).toBeGreaterThanOrEqual(leastMs);
    expect(untilMs - live.clock.nowMs()).toBeLessThanOrEqual(mostMs);
    expect((await live.call("GET", "/healthz")).body).toMatchObject({ jobsQueued: 1 });
    const text = await (await fetch(live.url + routes.metrics)).text();
    expect(text).toMatch(/^houseguest_broker_jobs_backing_off 1$/m);
    expect(text).toMatch(/^houseguest_broker_jobs_queued 1$/m);
    const agent = await live.agent();
    expect(await offeredTo(agent)).toEqual([]);
    const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
    const stream = await fetch(live.url + routes.events, { headers });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    live.clock.advance(untilMs - live.clock.nowMs() - 1);
    expect(await offeredTo(agent)).toEqual([]);
    live.clock.advance(1);
    for (let heard = ""; !heard.includes("work_available"); ) heard += (await reader.read()).value;
    await reader.cancel();
    expect(await offeredTo(agent)).toEqual([jobId]);
    expect((await live.job(jobId)).waitsUntil).toBeNull();
  });

  test("waits on over a restart of the broker, and no longer", async () => {
    const directory = temporaryDirectory();
    // Long enough that what is signed shortly before its end is later than the restart by more than a second.
    const timing = { backoffMs: 10_000 };
    const { live, jobId, holder, untilMs } = await failedOnce({ directory, timing });
    await live.broker.close();
    const port = Number(new URL(live.url).port);
    const next = await LiveBroker.start({ directory, clock: live.clock, port, timing });
    expect((await next.job(jobId)).waitsUntil).toBe(untilMs);
    next.clock.advance(untilMs - next.clock.nowMs() - 1);
    expect(await offeredTo(holder)).toEqual([]);
    next.clock.advance(1);
    expect(await offeredTo(holder)).toEqual([jobId]);
  });

  test("can be cancelled while it waits", async () => {
    const { live, jobId, holder, untilMs } = await failedOnce();
    expect((await live.call("POST", routes.jobCancel(jobId))).status).toBe(200);
    live.clock.advance(untilMs - live.clock.nowMs());
    expect(await offeredTo(holder)).toEqual([]);
    expect(await live.job(jobId)).toMatchObject({ state: "cancelled", waitsUntil: null });
  });
});

test("a job that its donor gives back does not wait", async () => {
  const live = await LiveBroker.start();
  const [jobId] = await live.submit();
  const agent = await live.agent();
  const [{ leaseId, epoch }] = (await agent.heartbeat()).body.offers;
  await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
  const handedBack = [{ leaseId, jobId, epoch, progress: 0 }];
  await agent.post(routes.shutdown, { reason: "SIGTERM", handedBack });
  expect(await live.job(jobId!)).toMatchObject({ state: "queued", waitsUntil: null });
  expect(await offeredTo(await live.agent())).toEqual([jobId]);
});
