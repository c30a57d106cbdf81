import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import { limits } from "../../foundation/limits.ts";
import { routes } from "../../protocol/routes.ts";
import { LiveBroker } from "../testing/live-broker.ts";
import type { SigningClient } from "../testing/signing-client.ts";

/** `HOUSEGUEST_CONNECTS=10000` is for the night; what leaks with every connection shows in fewer. */
const connects = Number(process.env["HOUSEGUEST_CONNECTS"] ?? 1_000);

const heartbeatMs = 60_000;

/** Opens an agent's stream and leaves it in one of the ways in which streams end. */
async function comeAndGo(live: LiveBroker, agent: SigningClient, nth: number): Promise<void> {
  const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
  const call = request(live.url + routes.events, { headers, agent: false });
  call.on("error", () => undefined);
  call.end();
  const [response] = await once(call, "response");
  if (response.statusCode !== 200) throw new Error(`the stream was refused with ${response.statusCode}`);
  await once(response, "data");
  const closed = once(call, "close");
  if (nth % 2 === 0) call.destroy();
  else call.socket?.resetAndDestroy();
  await closed;
}

/** What Node warns of from here on, as of listeners that heap up. */
function warningsFromHere(): string[] {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(String(warning));
  process.on("warning", warn);
  onTestFinished(() => void process.off("warning", warn));
  return warnings;
}

/** What a process holds open, by kind. */
function held(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

test(`${connects} connections that come and go leave no stream, listener, timer or socket behind`, async () => {
  const warnings = warningsFromHere();
  const live = await LiveBroker.start({ timing: { eventHeartbeatMs: heartbeatMs } });
  const agents = await Promise.all(Array.from({ length: 20 }, async () => await live.agent()));
  const state = () => live.broker.service.state;
  const quiet = async (): Promise<void> => {
    // Those that the enrolments kept open for more.
    live.broker.server.closeIdleConnections();
    const open = () => agents.some(({ agentId }) => state().agents.get(agentId)?.isConnected === true);
    while (open() || (await live.openConnections()) > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const round = async (count: number): Promise<void> => {
    let next = 0;
    await Promise.all(
      agents.map(async (agent) => {
        while (next < count) await comeAndGo(live, agent, (next += 1));
      }),
    );
    await quiet();
  };
  // The first ones fill what is kept on purpose: keys, codes, caches.
  await round(40);
  const before = held();
  const listeners = live.listeners();
  await round(connects);
  expect(live.broker.service.hub.connected()).toEqual([]);
  const more = () => Object.entries(held()).filter(([kind, count]) => count > (before[kind] ?? 0));
  // What leaks stays; a timer or a socket of whoever runs the tests comes and goes. To poll would be to hold a timer.
  const untilMs = performance.now() + 60_000;
  while (more().length > 0 && performance.now() < untilMs) await new Promise((resolve) => setImmediate(resolve));
  expect(more()).toEqual([]);
  expect(live.listeners()).toBe(listeners);
  expect(warnings).toEqual([]);
}, 300_000);

test("a consumer that does not read is cut off, counted, and gets a full replay when it comes back", async () => {
  const warnings = warningsFromHere();
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const { port } = new URL(live.url);
  const socket = connect(Number(port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream", host: "localhost" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET ${routes.events} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  await once(socket, "readable");
  const { hub } = live.broker.service;
  while (hub.connected().length === 0) await new Promise((resolve) => setImmediate(resolve));
  // Nobody reads from here on: what the kernel's buffers do not hold heaps up in the broker.
  const reason = "\u0001".repeat(500);
  let pushed = 0;
  while (hub.connected().length > 0) {
    for (let nth = 0; nth < 100; nth += 1) hub.push(agent.agentId, { event: "pause", data: { reason } });
    pushed += 100;
    if (pushed > 20_000) throw new Error("60 MB were taken for a consumer that does not read");
    await new Promise((resolve) => setImmediate(resolve));
  }
  const text = await (await fetch(live.url + routes.metrics)).text();
  expect(text).toContain("houseguest_broker_slow_streams_total 1\n");
  const again = await fetch(live.url + routes.events, {
    headers: { ...agent.headers("GET", routes.events), accept: "text/event-stream", "last-event-id": "none" },
  });
  // All of it together: a chunk may end in the middle of a word.
  let replayed = "";
  const events = (): number => replayed.split("event: pause").length - 1;
  for await (const chunk of again.body!.pipeThrough(new TextDecoderStream())) {
    replayed += chunk;
    if (events() === limits.eventReplayMax) break;
  }
  expect(events()).toBe(limits.eventReplayMax);
  expect(hub.connected()).toEqual([agent.agentId]);
  // What waits for a slow reader waits as bytes, which are bounded, and not as listeners.
  expect(warnings).toEqual([]);
});

test("the replay window has a bound: of more events than that, the newest come", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const { hub } = live.broker.service;
  const total = limits.eventReplayMax + 7;
  for (let nth = 1; nth <= total; nth += 1) {
    hub.push(agent.agentId, { event: "pause", data: { reason: `number ${nth}.` } });
  }
  const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
  const response = await fetch(live.url + routes.events, { headers });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(`number ${total}.`)) break;
  }
  const numbers = Array.from(text.matchAll(/number (\d+)\./g), ([, nth]) => Number(nth));
  expect(numbers).toEqual(Array.from({ length: limits.eventReplayMax }, (_, index) => index + 8));
  expect(text).toMatch(/id: [0-9a-z]+-8\nevent: pause\n/);
});
