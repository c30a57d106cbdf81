import { describe, expect, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { LiveBroker } from "../testing/live-broker.ts";

async function acceptedOffer() {
  const live = await LiveBroker.start();
  const [jobId] = await live.submit();
  const agent = await live.agent();
  const [offer] = (await agent.heartbeat()).body.offers;
  await agent.post(routes.leaseAction(offer.leaseId, "accept"), { epoch: offer.epoch });
  return { live, jobId: jobId!, agent, offer };
}

describe("a return", () => {
  test("from an agent that knows no startFailed is taken, and counts nothing", async () => {
    const { live, jobId, agent, offer } = await acceptedOffer();
    const body = { epoch: offer.epoch, progress: 0, reason: "the owner needs the machine" };
    expect((await agent.post(routes.leaseAction(offer.leaseId, "return"), body)).status).toBe(200);
    expect(await live.job(jobId)).toMatchObject({ state: "queued", redeliveries: 0 });
  });

  test("that says startFailed counts", async () => {
    const { live, jobId, agent, offer } = await acceptedOffer();
    const body = { epoch: offer.epoch, progress: 0, reason: "there is no such program", startFailed: true };
    expect((await agent.post(routes.leaseAction(offer.leaseId, "return"), body)).status).toBe(200);
    expect(await live.job(jobId)).toMatchObject({ state: "queued", redeliveries: 1 });
  });

  test("whose startFailed is no truth value is refused, and changes nothing", async () => {
    const { live, jobId, agent, offer } = await acceptedOffer();
    const body = { epoch: offer.epoch, progress: 0, reason: "x", startFailed: "yes" };
    expect((await agent.post(routes.leaseAction(offer.leaseId, "return"), body)).status).toBe(400);
    expect(await live.job(jobId)).toMatchObject({ state: "leased", redeliveries: 0 });
  });
});

test.each([{}, { startFailed: true }])("a decline with %o is taken", async (extra) => {
  const live = await LiveBroker.start();
  const [jobId] = await live.submit();
  const agent = await live.agent();
  const [offer] = (await agent.heartbeat()).body.offers;
  const body = { epoch: offer.epoch, reason: "no room", ...extra };
  expect((await agent.post(routes.leaseAction(offer.leaseId, "decline"), body)).status).toBe(200);
  expect(await live.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 0 });
});
