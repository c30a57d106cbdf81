import { spawn } from "node:child_process";
import { once } from "node:events";

import { expect, onTestFinished, test, vi } from "vitest";

import { jobEnvironment } from "../../protocol/job-environment.ts";
import type * as procStat from "./proc-stat.ts";
import { processTable } from "./process-table.ts";

const order = vi.hoisted((): (number | "listed")[] => []);

vi.mock("./proc-stat.ts", async (original) => {
  const real = await original<typeof procStat>();
  return {
    ...real,
    listPids: () => {
      order.push("listed");
      return real.listPids();
    },
  };
});

test("who was found the last time is shown before anybody is listed: the search takes time from whoever stops them", async () => {
  const agentId = "b".repeat(64);
  const marks = { [jobEnvironment.agentId]: agentId, [jobEnvironment.leaseId]: "lease-1" };
  const job = spawn("sh", ["-c", "echo runs; read -r go"], { env: { ...process.env, ...marks } });
  onTestFinished(() => void job.kill("SIGKILL"));
  await once(job.stdout, "data");
  const table = processTable({ agentId });
  const look = (): (number | "listed")[] => {
    order.length = 0;
    table.scan({ inCgroups: new Map(), onFound: ({ pid }) => order.push(pid) });
    return [...order];
  };
  expect(look().slice(0, 2)).toEqual(["listed", job.pid]);
  expect(look().slice(0, 2)).toEqual([job.pid, "listed"]);
  const ended = once(job, "exit");
  job.stdin.end("\n");
  await ended;
  expect(look()).not.toContain(job.pid);
});
