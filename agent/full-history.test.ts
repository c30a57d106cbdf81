import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { type HistoryRecord, parseHistoryLine } from "../protocol/history.ts";
import { readProcess } from "./sandbox/proc-stat.ts";
import { endlessJob, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

test("an agent whose history has no room joins, works and withdraws, says so once, and how much is missing in the end", async () => {
  const broker = await tinyBroker(onFinished);
  broker.jobs.push(endlessJob);
  const agent = joinAgent({
    paths: temporaryHome(),
    broker,
    onFinished,
    environment: { HOUSEGUEST_HISTORY: "/dev/full" },
  });
  await agent.ready();
  await agent.busy(1);
  expect(await agent.ask({ command: "withdraw" })).toMatchObject({ report: { clean: true } });
  const { code, stderr } = await agent.exited;
  expect(code).toBe(1);
  expect(stderr.split("\n").filter((line) => /"level":50.*ENOSPC.*The history/.test(line))).toHaveLength(1);
  expect(stderr).toMatch(/\n.*The agent has ended as it was told, and \d+ records are missing .*\/dev\/full: .*ENOSPC/);
  expect(stderr).not.toContain("    at ");
});

test("a history that becomes full while it runs ends nothing, and tells of its gap when there is room again", async (context) => {
  const path = join(temporaryDirectory(), "history.jsonl");
  const broker = await tinyBroker(onFinished);
  const agent = joinAgent({ paths: temporaryHome(), broker, onFinished, environment: { HOUSEGUEST_HISTORY: path } });
  await agent.ready();
  // Its log is a pipe, and its ledger has its room already: nothing but the history would grow beyond this.
  const limit = (bytes: number | "unlimited"): void => {
    execFileSync("prlimit", ["--pid", String(agent.child.pid), `--fsize=${bytes}:unlimited`]);
  };
  try {
    limit("unlimited");
  } catch {
    context.skip("needs prlimit, and the right to it");
  }
  // It stands still meanwhile: what it wrote in between would be there as a whole, and the next line not at all.
  agent.child.kill("SIGSTOP");
  await until(() => readProcess(agent.child.pid as number)?.state === "T");
  limit(statSync(path).size + 40);
  agent.child.kill("SIGCONT");
  await agent.ask({ command: "pause" });
  limit("unlimited");
  await agent.ask({ command: "resume" });
  expect(await agent.ask({ command: "withdraw" })).toMatchObject({ report: { clean: true } });
  expect(await agent.exited).toMatchObject({ code: 1 });
  const lines = readFileSync(path, "utf8").trimEnd().split("\n").map(parseHistoryLine);
  expect(lines.filter((line) => "error" in line)).toHaveLength(1);
  const records = lines.flatMap((line) => ("record" in line ? [line.record] : []));
  const gap = records.find(({ type }) => type === "agent.unrecorded") as HistoryRecord;
  expect(gap.data).toMatchObject({ reason: expect.stringContaining("EFBIG") });
  expect(records.at(-1)?.sequence).toBe(records.length - 1 + (gap.data as { records: number }).records);
});
