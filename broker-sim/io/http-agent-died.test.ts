import { expect, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { LiveBroker } from "../testing/live-broker.ts";

test.each([
  [{}, 200, { state: "queued", redeliveries: 0 }],
  [{ agentDied: false }, 200, { state: "queued", redeliveries: 0 }],
  [{ agentDied: true }, 200, { state: "queued", redeliveries: 1 }],
  [{ agentDied: "yes" }, 400, { state: "leased", redeliveries: 0 }],
])("a return with %j is answered with %i, and the job is %j then", async (extra, status, then) => {
  const live = await LiveBroker.start();
  const [jobId] = await live.submit();
  const agent = await live.agent();
  const [{ leaseId, epoch }] = (await agent.heartbeat()).body.offers;
  await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
  const body = { epoch, progress: 0, reason: "the agent died while it ran", ...extra };
  expect((await agent.post(routes.leaseAction(leaseId, "return"), body)).status).toBe(status);
  expect(await live.job(jobId!)).toMatchObject(then);
});
