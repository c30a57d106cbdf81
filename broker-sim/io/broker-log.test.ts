import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { temporaryDirectory } from "../testing/live-broker.ts";
import { operatorHeaders, serve, stop } from "../testing/served-broker.ts";
import { SigningClient } from "../testing/signing-client.ts";
import { LogLines } from "./broker-log.ts";

test("a broker whose log has no room does all that it is asked for, and ends as it should", async () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const options = ["--data", temporaryDirectory(), "--log-level", "trace"];
  const broker = await serve(options, {}, { stderr: full });
  const headers = { ...operatorHeaders(broker), "content-type": "application/json" };
  const body = JSON.stringify({ jobs: [{ command: ["true"] }] });
  const submitted = await fetch(broker.url + routes.jobs, { method: "POST", headers, body });
  expect(submitted.status).toBe(200);
  expect((await fetch(broker.url + routes.jobs)).status).toBe(401);
  const agent = new SigningClient(broker.url);
  expect((await agent.enrol(broker.joinToken)).status).toBe(200);
  expect((await agent.heartbeat()).body.offers).toHaveLength(1);
  expect((await fetch(`${broker.url}/readyz`)).status).toBe(200);
  expect(await stop(broker, "SIGTERM")).toBe(0);
});

test("lines that nobody took are counted, and that is told when there is room again; every line is whole", () => {
  const path = join(temporaryDirectory(), "pipe");
  execFileSync("mkfifo", [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(pipe));
  const log = pino({}, new LogLines(pipe));
  const wide = "x".repeat(30_000);
  for (let line = 0; line < 5; line += 1) log.info({ line, wide });
  const taken = Buffer.alloc(200_000);
  const before = taken.toString("utf8", 0, readSync(pipe, taken));
  log.info({ line: "after" });
  const after = taken.toString("utf8", 0, readSync(pipe, taken));
  const lines = (before + after).trimEnd().split("\n");
  const [last, told, ...earlier] = lines.toReversed();
  const whole = earlier.flatMap((line) => (line.endsWith("}") ? [JSON.parse(line).line] : []));
  const dropped = 5 - whole.length;
  expect(dropped).toBeGreaterThan(0);
  expect(JSON.parse(told ?? "")).toMatchObject({ level: 40, msg: expect.stringMatching(`^${dropped} lines .*EAGAIN`) });
  expect(JSON.parse(last ?? "")).toMatchObject({ line: "after" });
});
