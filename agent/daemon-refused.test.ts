import { expect, onTestFinished, test } from "vitest";

import { routes } from "../protocol/routes.ts";
import { endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const heartbeats = new RegExp(`^${routes.heartbeat}$`);

test("renewals that are answered with 500 and then 404 end the job, and never the agent (case 12)", async () => {
  const broker = await tinyBroker(onTestFinished, { leaseTtlMs: 5_000 });
  broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, slots: 1, onFinished: onTestFinished });
  await agent.ready();
  await agent.busy(1);
  broker.refusal = { at: heartbeats, status: 500, code: "internal" };
  await until(() => jobProcesses(paths).length === 0);
  broker.refusal = { at: heartbeats, status: 404, code: "unknown-agent" };
  const enrolments = () => broker.calls.filter((path) => path === routes.enrol).length;
  await until(() => enrolments() === 3);
  broker.refusal = null;
  // It gives the lease back, and is good for more.
  await until(() => broker.returned.has("lease-1"));
  broker.jobs.push(endlessJob);
  await agent.busy(1);
  expect(broker.completed.size).toBe(0);
});

test("a job that the kernel kills has failed, and its agent goes on (case 54)", async () => {
  const broker = await tinyBroker(onTestFinished);
  broker.jobs.push(["/bin/sh", "-c", "kill -KILL $$"], endlessJob);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, slots: 1, onFinished: onTestFinished });
  await agent.ready();
  await until(() => broker.completed.has("lease-1"));
  expect(broker.completed.get("lease-1")).toMatchObject({ outcome: "failed", error: "ended by SIGKILL" });
  await agent.busy(1);
});
