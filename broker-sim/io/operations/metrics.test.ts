import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { LiveBroker } from "../../testing/live-broker.ts";

async function scrape(live: LiveBroker): Promise<string> {
  const response = await fetch(live.url + routes.metrics);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return await response.text();
}

/** The value of one sample, named as it is served. */
function sample(text: string, name: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}

/** Name, type and help of everything served, and the labels of what has samples. */
function servedMetrics(text: string): string[] {
  const rows = new Map<string, { type: string; help: string }>();
  for (const line of text.split("\n")) {
    const [, word, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    const row = rows.get(name) ?? { type: "", help: "" };
    rows.set(name, word === "HELP" ? { ...row, help: rest } : { ...row, type: rest });
  }
  return Array.from(rows, ([name, { type, help }]) => `| \`${name}\` | ${type} | ${help} |`).sort();
}

test("docs/metrics.md lists exactly what /metrics serves", async () => {
  const live = await LiveBroker.start();
  const served = servedMetrics(await scrape(live));
  const page = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8");
  const documented = page.split("\n").filter((line) => line.startsWith("| `houseguest_broker_"));
  expect(documented).toEqual(served);
  expect(served.length).toBeGreaterThan(15);
});

test("what a broker does shows in its own metrics, and in no other broker's", async () => {
  const live = await LiveBroker.start();
  const other = await LiveBroker.start();
  const agent = await live.agent();
  await live.submit(3);
  const [offer] = (await agent.heartbeat({ slotsFree: 1 })).body.offers;
  await agent.post(routes.leaseAction(offer.leaseId, "accept"), { epoch: offer.epoch });
  await agent.post(routes.paused, { reason: "owner", freezeMs: 7, checkpoints: [] });
  expect((await agent.post(routes.heartbeat, { state: "Idle" })).status).toBe(400);

  const text = await scrape(live);
  expect({
    enrolments: sample(text, "houseguest_broker_enrolments_total"),
    heartbeats: sample(text, "houseguest_broker_heartbeats_total"),
    offers: sample(text, "houseguest_broker_offers_total"),
    leases: sample(text, "houseguest_broker_leases_total"),
    queued: sample(text, "houseguest_broker_jobs_queued"),
    leased: sample(text, 'houseguest_broker_jobs{state="leased"}'),
    active: sample(text, 'houseguest_broker_agents{standing="active"}'),
    refused: sample(text, 'houseguest_broker_refusals_total{code="bad-request"}'),
    badHeartbeats: sample(text, 'houseguest_broker_requests_total{route="POST /api/v1/agent/heartbeat",status="400"}'),
    accepted: sample(text, 'houseguest_broker_request_seconds_count{route="POST /api/v1/leases/:leaseId/accept"}'),
    freezes: sample(text, "houseguest_broker_freeze_seconds_count"),
    freezeSeconds: sample(text, "houseguest_broker_freeze_seconds_sum"),
    ready: sample(text, "houseguest_broker_ready"),
  }).toEqual({
    enrolments: 1,
    heartbeats: 1,
    offers: 1,
    leases: 1,
    queued: 2,
    leased: 1,
    active: 1,
    refused: 1,
    badHeartbeats: 1,
    accepted: 1,
    freezes: 1,
    freezeSeconds: 0.007,
    ready: 1,
  });
  expect(sample(text, "houseguest_broker_store_commit_seconds_count")).toBeGreaterThan(2);
  expect(sample(text, "houseguest_broker_resident_bytes")).toBeGreaterThan(1e6);
  expect(sample(await scrape(other), "houseguest_broker_enrolments_total")).toBe(0);
});

test("ids of jobs, leases and agents become no labels: their number has no bound", async () => {
  const live = await LiveBroker.start();
  const agent = await live.agent();
  const [jobId] = await live.submit();
  await live.job(jobId!);
  await agent.send("GET", "/nowhere/at/all");
  const text = await scrape(live);
  expect(text).not.toContain(jobId);
  expect(text).not.toContain(agent.agentId);
  expect(text).not.toContain("/nowhere");
});
