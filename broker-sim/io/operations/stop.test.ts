import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import { startBroker } from "../broker-server.ts";
import { LiveBroker } from "../../testing/live-broker.ts";

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
  const live = await LiveBroker.start();
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
