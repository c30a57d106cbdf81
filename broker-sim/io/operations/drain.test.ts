import { expect, test } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import { type SigningClient, statusOf } from "../../testing/signing-client.ts";

/** The agent's stream, up to the goodbye. */
async function goodbye(
  live: LiveBroker,
  agent: SigningClient,
): Promise<{ connected: Promise<void>; heard: Promise<string> }> {
  const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
  const response = await fetch(live.url + routes.events, { headers });
  const connected = Promise.withResolvers<void>();
  const heard = (async () => {
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      connected.resolve();
      if (text.includes("event: goodbye")) break;
    }
    return text;
  })();
  return { connected: connected.promise, heard };
}

test("a drained broker makes no new offers, says goodbye to whoever is there and whoever comes, and is not ready", async () => {
  const live = await LiveBroker.start();
  const [there, late] = [await live.agent(), await live.agent()];
  await live.submit(4);
  const [offer] = (await there.heartbeat({ slotsFree: 1 })).body.offers;
  const { leaseId, epoch } = offer;
  const stream = await goodbye(live, there);
  await stream.connected;

  expect((await live.call("POST", routes.drain, { reason: "maintenance" })).status).toBe(200);
  expect(await stream.heard).toContain('data: {"reason":"maintenance"}');
  expect(await (await goodbye(live, late)).heard).toContain("event: goodbye");
  expect(await live.call("GET", routes.ready)).toEqual({
    status: 503,
    body: { ready: false, reasons: ["drained: maintenance"] },
  });
  expect((await (await fetch(live.url + routes.metrics)).text()).includes("houseguest_broker_ready 0\n")).toBe(true);

  // Nothing new, however free somebody is; what was offered, leased and done is heeded as ever.
  expect((await late.heartbeat({ slotsFree: 2 })).body.offers).toEqual([]);
  expect((await there.post(routes.leaseAction(leaseId, "accept"), { epoch })).status).toBe(200);
  const renewed = await there.heartbeat({ state: "Working", slotsFree: 1, leases: [statusOf(offer, 5)] });
  expect(renewed.body).toMatchObject({ offers: [], renewed: [{ leaseId }], lost: [] });
  await late.post(routes.paused, { reason: "owner", freezeMs: 1, checkpoints: [] });
  await late.post(routes.resumed, { reason: "owner" });
  expect((await late.heartbeat()).body.offers).toEqual([]);
  const result = { epoch, outcome: "completed", exitCode: 0, progress: 10 };
  expect((await there.post(routes.leaseAction(leaseId, "complete"), result)).status).toBe(200);
  expect((await there.heartbeat()).body.offers).toEqual([]);
  const states = (await live.call("GET", routes.jobs)).body.jobs.map(({ state }: { state: string }) => state);
  expect(states.sort()).toEqual(["completed", "queued", "queued", "queued"]);
  // New jobs are still taken: they wait for the next start. New agents are not; those that are known may come back.
  expect(await live.submit()).toHaveLength(1);
  const stranger = await live.stranger().enrol(live.broker.joinToken);
  expect([stranger.status, stranger.body.code, stranger.headers.get("retry-after")]).toEqual([
    ...[503, "out-of-service", "10"],
  ]);
  const spawned = await live.call("POST", routes.executions, { slots: 1, sandbox: "process" });
  expect([spawned.status, spawned.body.code]).toEqual([503, "out-of-service"]);
  expect((await late.enrol(live.broker.joinToken)).status).toBe(200);
});

test("a drain is in the history, and uses up no token of whom it keeps out", async () => {
  const directory = temporaryDirectory();
  const live = await LiveBroker.start({ directory });
  const { joinToken } = (await live.call("POST", routes.joinTokens, {})).body;
  await live.call("POST", routes.drain, { reason: "maintenance" });
  await live.call("POST", routes.drain, { reason: "still" });
  const drained = live.history.flatMap(({ type, data }) => (type === "broker.drained" ? [data] : []));
  expect(drained).toEqual([{ reason: "maintenance" }, { reason: "still" }]);
  const stranger = await live.stranger().enrol(joinToken);
  expect([stranger.status, stranger.body.message]).toEqual([
    503,
    "The broker is drained, and takes no new agents: still.",
  ]);
  expect((await live.call("GET", routes.joinTokens)).body.joinTokens).toMatchObject([{ usedBy: null }]);
  await live.broker.close();
  const again = await LiveBroker.start({ directory, clock: live.clock });
  expect((await again.call("GET", routes.ready)).body).toEqual({ ready: true, reasons: [] });
  expect((await again.stranger().enrol(joinToken)).status).toBe(200);
});

test("jobs that no agent outlived are listed by themselves; those that failed by their own end are not", async () => {
  const live = await LiveBroker.start();
  const jobs = [{ command: ["true"], redeliveriesMax: 0 }, { command: ["false"] }, { command: ["sleep"] }];
  const [dead, failed] = (await live.call("POST", routes.jobs, { jobs })).body.jobIds;
  const agent = await live.agent();
  for (const { leaseId, epoch, jobId } of (await agent.heartbeat()).body.offers) {
    await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
    if (jobId !== failed) continue;
    const body = { epoch, outcome: "failed", exitCode: 1, progress: 0, error: "exit 1" };
    await agent.post(routes.leaseAction(leaseId, "complete"), body);
  }
  live.clock.advance(600_000);
  const listed = async (query: string) =>
    (await live.call("GET", `${routes.jobs}${query}`)).body.jobs.map(({ jobId }: { jobId: string }) => jobId);
  expect(await listed("?state=failed")).toEqual([dead, failed]);
  expect(await listed("?dead=true")).toEqual([dead]);
  expect((await live.job(dead)).error).toContain("its limit");
});
