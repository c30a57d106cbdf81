import { expect, test } from "vitest";

import { Problem } from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { LiveBroker } from "../testing/live-broker.ts";
import { rawRequest } from "../testing/raw-request.ts";

const end = "host: localhost\r\nconnection: close\r\n\r\n";

test.each([
  ["a URL that is no text", `GET /api/v1/%zz HTTP/1.1\r\n${end}`, 400, "bad-request"],
  ["a path that is no text", `GET ${routes.blob("%c3%28")} HTTP/1.1\r\n${end}`, 400, "bad-request"],
  ["a parameter beyond all lengths", `GET ${routes.job("j".repeat(300))} HTTP/1.1\r\n${end}`, 404, "not-found"],
  ["a header beyond all lengths", `GET / HTTP/1.1\r\nx-long: ${"x".repeat(20_000)}\r\n${end}`, 431, "too-large"],
  ["what is no HTTP", "HELO broker\r\n\r\n", 400, "bad-request"],
  ["a method that nobody knows", `JUMP ${routes.jobs} HTTP/1.1\r\n${end}`, 400, "bad-request"],
])("%s is answered with a problem, counted and recorded", async (_, request, status, code) => {
  const live = await LiveBroker.start();
  const answer = await rawRequest(live.url, request);
  expect([answer.status, answer.type]).toEqual([status, "application/json"]);
  expect(Problem.parse(JSON.parse(answer.body.toString())).code).toBe(code);
  const metrics = await (await fetch(live.url + routes.metrics)).text();
  expect(metrics).toContain(`houseguest_broker_refusals_total{code="${code}"} 1\n`);
  expect(live.refusals()).toEqual([code]);
  // What was asked for is not repeated: it may hold anything.
  expect(JSON.stringify(live.history)).not.toMatch(/jjjj|xxxx|HELO|zz/);
});

test("what is not there is a refusal like any other", async () => {
  const live = await LiveBroker.start();
  const { status, body } = await live.call("GET", "/nothing/here");
  expect([status, body.code]).toEqual([404, "not-found"]);
  const metrics = await (await fetch(live.url + routes.metrics)).text();
  expect(metrics).toContain('houseguest_broker_refusals_total{code="not-found"} 1\n');
  const refused = live.history.filter(({ type }) => type === "broker.refused").map(({ data }) => data);
  expect(refused).toEqual([{ agentId: "", route: "GET unknown", code: "not-found" }]);
});
