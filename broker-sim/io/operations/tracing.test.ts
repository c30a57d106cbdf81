import { expect, onTestFinished, test } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { LiveBroker } from "../../testing/live-broker.ts";
import { type EndedSpan, recordTraces } from "./testing/recording-tracer.ts";

function traced(): EndedSpan[] {
  const { spans, stop } = recordTraces();
  onTestFinished(stop);
  return spans;
}

test("a request is a span in its caller's trace, with the decision and the store's write inside", async () => {
  const spans = traced();
  const live = await LiveBroker.start();
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await fetch(live.url + routes.jobs, {
    method: "POST",
    headers: {
      ...live.operatorHeaders(),
      "content-type": "application/json",
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
    body: JSON.stringify({ jobs: [{ command: ["true"] }] }),
  });
  await live.broker.close();
  const ours = spans.filter((span) => span.traceId === traceId);
  const request = ours.find(({ name }) => name === `POST ${routes.jobs}`);
  const decision = ours.find(({ name }) => name === "broker.submit");
  expect(request).toMatchObject({
    parentSpanId: "b7ad6b7169203331",
    attributes: { "http.request.method": "POST", "http.route": routes.jobs, "http.response.status_code": 200 },
    failed: false,
  });
  expect(decision?.parentSpanId).toBe(request?.spanId);
  expect(spans.map(({ name }) => name)).toContain("store.commit");
});

test("a refusal is named on its span, and nothing secret is", async () => {
  const spans = traced();
  const live = await LiveBroker.start();
  const stranger = live.stranger();
  await stranger.enrol("a-guessed-token");
  await live.agent();
  await live.broker.close();
  const refused = spans.find(({ attributes }) => attributes["houseguest.problem"] === "bad-join-token");
  expect(refused?.attributes).toMatchObject({
    "houseguest.agent_id": stranger.agentId,
    "http.response.status_code": 403,
  });
  const told = JSON.stringify(spans);
  expect(told).not.toContain("a-guessed-token");
  expect(told).not.toContain(live.broker.joinToken);
});
