import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { routes } from "../protocol/routes.ts";
import type { Timing } from "../protocol/timing.ts";
import { AgentProcess, endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const anHourMs = 3_600_000;
const stubbornJob = ["/bin/sh", "-c", `trap '' TERM; ${endlessJob[2]}`];

async function busyAgent({ timing = {}, job = endlessJob }: { timing?: Partial<Timing>; job?: string[] } = {}) {
  const broker = await tinyBroker(onTestFinished, timing);
  broker.jobs.push(job);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, slots: 1, onFinished: onTestFinished });
  await agent.ready();
  await agent.busy(1);
  return { broker, paths, agent };
}

test("a goodbye that comes by the event stream ends the process, after one shutdown (case 47)", async () => {
  const { broker, paths, agent } = await busyAgent();
  await until(() => broker.calls.includes(routes.events));
  broker.push({ event: "goodbye", data: { reason: "maintenance" } });
  broker.push({ event: "goodbye", data: { reason: "maintenance" } });
  expect(await agent.exited).toMatchObject({ code: 0, signal: null });
  expect(broker.shutdowns).toMatchObject([{ handedBack: [{ leaseId: "lease-1", checkpoint: {} }] }]);
  expect(jobProcesses(paths)).toEqual([]);
});

test("a shutdown that the broker swallows ends in its time, and the lease goes back at the next start (case 45)", async () => {
  const { broker, paths, agent } = await busyAgent({ timing: { shutdownTimeoutMs: 400 } });
  broker.silentAt = new RegExp(`^${routes.shutdown}$`);
  agent.child.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0, signal: null });
  expect(broker.calls.filter((path) => path === routes.shutdown)).toHaveLength(1);
  expect(jobProcesses(paths)).toEqual([]);
  expect(broker.returned.size).toBe(0);
  const again = new AgentProcess({ paths, args: ["join", "--foreground", "--json"], onFinished: onTestFinished });
  await again.ready();
  await until(() => broker.returned.has("lease-1"));
});

test("a heartbeat that nobody answers does not delay the end, and none follows the shutdown (case 56)", async () => {
  // Whoever waited for the heartbeat would wait longer than this test does.
  const { broker, agent } = await busyAgent({ timing: { requestTimeoutMs: 250_000 } });
  broker.silentAt = new RegExp(`^${routes.heartbeat}$`);
  const heard = broker.calls.length;
  await until(() => broker.calls.slice(heard).includes(routes.heartbeat));
  agent.child.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0, signal: null });
  const after = broker.calls.slice(broker.calls.indexOf(routes.shutdown) + 1);
  expect(broker.shutdowns).toHaveLength(1);
  expect(after).toEqual([]);
});

test("the deadline of a withdrawal wins over the grace that its jobs have (case 40)", async () => {
  const { paths, agent } = await busyAgent({ timing: { terminateGraceMs: anHourMs }, job: stubbornJob });
  const { report } = await agent.ask({ command: "withdraw", deadlineMs: 10_000 });
  expect(report).toMatchObject({ clean: true, processesLeft: [], leasesHandedBack: 1 });
  expect((report?.endedAt ?? Infinity) - (report?.startedAt ?? 0)).toBeLessThan(10_000);
  expect(await agent.exited).toMatchObject({ code: 0 });
  expect(jobProcesses(paths)).toEqual([]);
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
});
