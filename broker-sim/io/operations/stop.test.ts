import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";

import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import { routes } from "../../../protocol/routes.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import { startBroker } from "../broker-server.ts";
import { LiveBroker } from "../../testing/live-broker.ts";
import { routeDescriptions } from "./route-descriptions.ts";

/** A connection over which the test writes the bytes of a request itself. */
async function rawConnection(live: LiveBroker): Promise<Socket> {
  const socket = connect(Number(new URL(live.url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** A submission of which all but the last byte is sent, and that byte. */
async function halfSubmission(live: LiveBroker): Promise<{ socket: Socket; rest: string }> {
  const body = JSON.stringify({ jobs: [{ command: ["true"] }] });
  const socket = await rawConnection(live);
  const head = [
    `POST ${routes.jobs} HTTP/1.1`,
    "host: localhost",
    "content-type: application/json",
    `content-length: ${body.length}`,
    // Answered by Node when it hands the request over: from then on it is under way.
    "expect: 100-continue",
    ...Object.entries(live.operatorHeaders()).map(([name, value]) => `${name}: ${value}`),
  ].join("\r\n");
  const reached = once(socket, "data");
  socket.write(`${head}\r\n\r\n${body.slice(0, -1)}`);
  await reached;
  return { socket, rest: body.slice(-1) };
}

test("a stop answers what was asked before it, and says on /readyz meanwhile that it is stopping", async () => {
  // A grace that this test does not have: whoever waited for a connection that stays open would wait it out.
  const live = await LiveBroker.start({ stopGraceMs: 600_000 });
  expect(await live.call("GET", routes.ready)).toEqual({ status: 200, body: { ready: true, reasons: [] } });
  const { socket, rest } = await halfSubmission(live);
  const watcher = await rawConnection(live);
  watcher.write(`GET ${routes.ready} HTTP/1.1\r\nhost: localhost\r\n`);
  const stopped = live.broker.close();
  const told = text(watcher);
  watcher.write("connection: close\r\n\r\n");
  expect(await told).toMatch(/^HTTP\/1\.1 503 [\s\S]*"reasons":\["the broker is stopping"\]/);
  const answer = text(socket);
  socket.write(rest);
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*"jobIds":\["job-/);
  // Nobody is waited for whose connection stays open for requests that are taken no more.
  await stopped;
});

test("a stop cuts off whoever does not come to an end within its grace", async () => {
  const live = await LiveBroker.start({ stopGraceMs: 50 });
  const { socket } = await halfSubmission(live);
  const cut = once(socket, "close");
  await live.broker.close();
  await cut;
  expect(live.broker.service.state.jobs.size).toBe(0);
});

test("a broker that does not come up serves nobody", async () => {
  const full = (): never => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  };
  const started = startBroker({
    host: "127.0.0.1",
    port: 0,
    timing: defaultTiming,
    store: { kind: "memory" },
    log: pino({ level: "silent" }),
    record: full,
  });
  const listening = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length;
  const before = listening();
  await expect(started).rejects.toThrow("no space left");
  // A handle is gone a turn after it was closed.
  await expect.poll(listening).toBe(before);
});

describe("from the moment it begins to stop", () => {
  /** A broker that waits for an agent which does not heed its goodbye, until it is hurried. */
  async function stopping() {
    const live = await LiveBroker.start({ faults: true });
    const agent = await live.agent();
    await live.submit(2);
    const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
    const stream = await fetch(live.url + routes.events, { headers });
    const [offer] = (await agent.heartbeat({ slotsFree: 1 })).body.offers;
    const { leaseId, epoch } = offer;
    await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
    const hurried = Promise.withResolvers<void>();
    const goodbye = { reason: "the test stops it", withinMs: 600_000, hurried: hurried.promise };
    return {
      live,
      agent,
      lease: { leaseId, epoch },
      stream,
      stopped: live.broker.close(goodbye),
      hurry: hurried.resolve,
    };
  }

  test("a broker begins nothing, says so with a time to ask again, and lets come back what it gave out", async () => {
    const { live, agent, lease, stream, stopped, hurry } = await stopping();
    const beginning = Object.entries(routeDescriptions).filter(([, { begins }]) => begins === true);
    expect(beginning.length).toBeGreaterThan(8);
    for (const [route] of beginning) {
      const [method = "", path = ""] = route.split(" ");
      const response = await fetch(live.url + path, { method, headers: live.operatorHeaders() });
      const { code } = (await response.json()) as { code: string };
      const told = [route, response.status, code, response.headers.get("retry-after")];
      expect(told).toEqual([route, 503, "out-of-service", "10"]);
    }
    const stranger = await live.stranger().enrol(live.broker.joinToken);
    expect([stranger.status, stranger.body.code]).toEqual([503, "out-of-service"]);
    // Whoever is known comes to hand back, or to withdraw.
    expect((await agent.enrol(live.broker.joinToken)).status).toBe(200);
    const { leaseId, epoch } = lease;
    expect((await agent.heartbeat({ slotsFree: 1 })).body.offers).toEqual([]);
    const returned = { epoch, reason: "goodbye", progress: 0 };
    expect((await agent.post(routes.leaseAction(leaseId, "return"), returned)).status).toBe(200);
    expect((await live.call("GET", routes.jobs)).body.jobs.map(({ state }: { state: string }) => state)).toEqual([
      "queued",
      "queued",
    ]);
    hurry();
    await stopped;
    // The stream said goodbye, and was closed.
    expect(await stream.text()).toMatch(/event: goodbye\ndata: {"reason":"the test stops it"}\n/);
  });

  test("it is not ready, for that one reason", async () => {
    const { live, stopped, hurry } = await stopping();
    expect((await live.call("GET", routes.ready)).body).toEqual({ ready: false, reasons: ["the broker is stopping"] });
    hurry();
    await stopped;
  });
});

describe("agents that the broker started and that have not joined yet", () => {
  const goodbye = { reason: "the test stops it", withinMs: 600_000, hurried: new Promise<void>(() => undefined) };

  test("do not hold up its goodbye: whatever they do, they are told by a signal", async () => {
    const live = await LiveBroker.start({ agentCommand: ["/bin/sh", "-c", "exec sleep 600"] });
    const { executionId } = (await live.call("POST", routes.executions, { slots: 1, sandbox: "process" })).body;
    const state = () => live.broker.service.state.executions.get(executionId)!.state;
    await expect.poll(state).toBe("running");
    await live.broker.close(goodbye);
    expect(isTerminalExecution(state())).toBe(true);
  });

  test("leave nothing when their enrolment was under way", async () => {
    const live = await LiveBroker.start({ faults: true });
    const hang = { fault: { kind: "hang" }, route: `POST ${routes.enrol}`, expiresInMs: 600_000 };
    expect((await live.call("POST", routes.faults, hang)).status).toBe(200);
    const { executionId } = (await live.call("POST", routes.executions, { slots: 1, sandbox: "process" })).body;
    const hits = async () => (await live.call("GET", routes.faults)).body.faults[0].hits;
    await expect.poll(hits).toBeGreaterThan(0);
    await live.broker.close(goodbye);
    expect(live.broker.service.state.executions.get(executionId)).toMatchObject({ state: "completed", error: null });
  });
});
