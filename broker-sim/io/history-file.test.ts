import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

import { type HistoryRecord, parseHistoryLine } from "../../protocol/history.ts";
import { routes } from "../../protocol/routes.ts";
import { temporaryDirectory } from "../testing/live-broker.ts";
import { type Served, operatorHeaders, serve, stop } from "../testing/served-broker.ts";
import { SigningClient } from "../testing/signing-client.ts";

async function submit(broker: Served): Promise<{ status: number; jobId: string }> {
  const headers = { ...operatorHeaders(broker), "content-type": "application/json" };
  const body = JSON.stringify({ jobs: [{ command: ["true"] }] });
  const response = await fetch(broker.url + routes.jobs, { method: "POST", headers, body });
  const { jobIds } = (await response.json()) as { jobIds: string[] };
  return { status: response.status, jobId: jobIds?.[0] ?? "" };
}

async function recordsLost(broker: Served): Promise<number> {
  const metrics = await (await fetch(broker.url + routes.metrics)).text();
  return Number(/^houseguest_broker_history_lost_total (\d+)$/m.exec(metrics)?.[1]);
}

test("a broker whose history has no room does all that it is asked for, says so once, and how much is missing in the end", async () => {
  const directory = temporaryDirectory();
  const broker = await serve(["--data", directory], { HOUSEGUEST_HISTORY: "/dev/full" });
  const said = text(broker.child.stderr!);
  const { status, jobId } = await submit(broker);
  expect(status).toBe(200);
  const agent = new SigningClient(broker.url);
  expect((await agent.enrol(broker.joinToken)).status).toBe(200);
  expect((await agent.heartbeat()).body.offers).toMatchObject([{ jobId }]);
  expect((await fetch(broker.url + routes.health)).status).toBe(200);
  // What is lost is evidence. Work is as welcome as ever.
  expect((await fetch(broker.url + routes.ready)).status).toBe(200);
  expect(await recordsLost(broker)).toBeGreaterThan(4);
  expect(await stop(broker, "SIGTERM")).toBe(1);
  const stderr = await said;
  expect(stderr.split("\n").filter((line) => /"level":50.*ENOSPC.*the history/.test(line))).toHaveLength(1);
  expect(stderr).toMatch(
    /\nThe broker has ended as it was told, and \d+ records are missing .*\/dev\/full.*ENOSPC.*\n.+\n$/,
  );
  expect(stderr).not.toContain("    at ");
  // What it took is there.
  const next = await serve(["--data", directory]);
  const jobs = await fetch(next.url + routes.jobs, { headers: operatorHeaders(next) });
  expect(await jobs.json()).toMatchObject({ jobs: [{ jobId }] });
  expect(await stop(next, "SIGTERM")).toBe(0);
});

test("the history tells of its gap as soon as there is room again, and every line of it after that is whole", async (context) => {
  const path = join(temporaryDirectory(), "history.jsonl");
  // Nothing but the history is a file of this broker's.
  const broker = await serve(["--store", "memory"], { HOUSEGUEST_HISTORY: path });
  const said = text(broker.child.stderr!);
  const limit = (bytes: number | "unlimited"): void => {
    execFileSync("prlimit", ["--pid", String(broker.child.pid), `--fsize=${bytes}:unlimited`]);
  };
  try {
    limit("unlimited");
  } catch {
    context.skip("needs prlimit, and the right to it");
  }
  // The file may grow by the beginning of a line.
  limit(statSync(path).size + 40);
  for (let job = 0; job < 3; job += 1) expect((await submit(broker)).status).toBe(200);
  const lost = await recordsLost(broker);
  expect(lost).toBeGreaterThanOrEqual(3);
  limit("unlimited");
  const { jobId } = await submit(broker);
  expect(await recordsLost(broker)).toBe(lost);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n").map(parseHistoryLine);
  const torn = lines.findIndex((line) => "error" in line);
  const after = lines.slice(torn + 1).map((line) => (line as { record: HistoryRecord }).record);
  expect(after.slice(0, 2)).toMatchObject([
    { sequence: torn + lost, type: "broker.job", data: { jobId } },
    {
      sequence: torn + lost + 1,
      type: "broker.unrecorded",
      data: { records: lost, reason: expect.stringContaining("EFBIG") },
    },
  ]);
  expect(await stop(broker, "SIGTERM")).toBe(1);
  const stderr = await said;
  expect(stderr.match(/"level":50/g)).toHaveLength(1);
  expect(stderr).toMatch(new RegExp(`"level":40.*"records":${lost}.*is written again`));
});
