import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../foundation/clock.ts";
import type { AgentStatus } from "../protocol/control.ts";
import { type HistoryData, type HistoryRecord, parseHistoryLine } from "../protocol/history.ts";
import { historyVariable } from "../protocol/job-environment.ts";
import type { HomePaths } from "./io/home-paths.ts";
import { isFrozen } from "./sandbox/cgroup.ts";
import { readProcess } from "./sandbox/proc-stat.ts";
import { AgentProcess, endlessJob, jobProcesses, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

/** A joined agent with an endless job at work, which pauses by these. */
async function busyAgent(options: readonly string[]) {
  const broker = await tinyBroker(onFinished);
  broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  const history = join(temporaryDirectory(), "history.jsonl");
  const joins = ["join", "--foreground", "--json", "--broker", broker.url, "--token", "t", "--slots", "1"];
  const start = (args: readonly string[]) =>
    new AgentProcess({ paths, args, onFinished, environment: { [historyVariable]: history } });
  const agent = start([...joins, ...options]);
  const records = (): HistoryRecord[] =>
    readFileSync(history, "utf8")
      .trim()
      .split("\n")
      .map((line) => (parseHistoryLine(line) as { record: HistoryRecord }).record);
  return { broker, paths, agent, start, records };
}

async function statusOf(agent: AgentProcess): Promise<AgentStatus> {
  const { status } = await agent.ask({ command: "status" });
  return status as AgentStatus;
}

async function isIn(agent: AgentProcess, state: AgentStatus["state"]): Promise<void> {
  await until(async () => (await statusOf(agent)).state === state);
}

/** What was told of the freezes of pauses. */
function frozen(records: readonly HistoryRecord[]): HistoryData<"agent.frozen">[] {
  return records.flatMap((record) => (record.type === "agent.frozen" ? [record.data] : []));
}

/** CPU time that the jobs have used, in clock ticks. */
function ticks(paths: HomePaths): number {
  return jobProcesses(paths).reduce((sum, pid) => sum + (readProcess(pid)?.cpuTicks ?? 0), 0);
}

/** By the kernel's word: the cgroup of the jobs, or every one of them where there is none. */
function standsStill({ sandboxes }: AgentStatus, paths: HomePaths): boolean {
  const cgroup = sandboxes[0]?.cgroup ?? null;
  if (cgroup !== null) return isFrozen(dirname(cgroup));
  return jobProcesses(paths).every((pid) => readProcess(pid)?.state === "T");
}

function workDirectory(): { directory: string; file: string } {
  const directory = join(temporaryDirectory(), "project");
  mkdirSync(directory);
  const file = join(directory, "main.c");
  writeFileSync(file, "");
  return { directory, file };
}

test("a touched file stops every job at once, and they go on by themselves after the quiet", async () => {
  const { directory, file } = workDirectory();
  const { broker, paths, agent, records } = await busyAgent(["--pause-on-touch", directory, "--quiet", "5"]);
  expect(await agent.ready()).toMatchObject({ state: "Idle" });
  await agent.busy(1);
  appendFileSync(file, "1");
  await isIn(agent, "Paused");
  const status = await statusOf(agent);
  expect(status).toMatchObject({
    pausedBy: "activity",
    reason: `owner activity, files: ${directory}`,
    activity: { what: `files: ${directory}`, ignored: false },
  });
  expect(standsStill(status, paths)).toBe(true);
  const before = ticks(paths);
  // Active until then, and the quiet is counted from the last time.
  appendFileSync(file, "2");
  let quietAtMs = 0;
  await until(async () => {
    quietAtMs = (await statusOf(agent)).activity?.quietAtMs ?? 0;
    return quietAtMs > (status.activity?.quietAtMs ?? 0);
  });
  await until(() => broker.pauses.length === 1);
  expect(broker.pauses).toMatchObject([{ reason: "owner activity" }]);
  expect(ticks(paths)).toBe(before);
  await isIn(agent, "Working");
  // By the same clock, but for what timers and the clocks of two processes differ by.
  expect(systemClock.nowMs()).toBeGreaterThan(quietAtMs - 5);
  expect(await statusOf(agent)).toMatchObject({ pausedBy: null, activity: null, reason: "quiet for 5 s" });
  const frozenAt = status.sandboxes[0]?.progress ?? 0;
  await until(async () => ((await statusOf(agent)).sandboxes[0]?.progress ?? 0) > frozenAt);
  await until(() => broker.calls.some((path) => path.endsWith("/resumed")));
  expect(frozen(records())).toMatchObject([{ trigger: `owner activity, files: ${directory}`, sandboxes: 1 }]);
  // Nothing that watches keeps it here.
  appendFileSync(file, "3");
  expect(await agent.ask({ command: "withdraw" })).toMatchObject({ ok: true, report: { clean: true } });
  expect(await agent.exited).toMatchObject({ code: 0 });
});

test("what the freeze took is counted from when the kernel knew, also where the agent stood still then", async () => {
  const { directory, file } = workDirectory();
  const { agent, records } = await busyAgent(["--pause-on-touch", directory, "--quiet", "86400"]);
  await agent.ready();
  await agent.busy(1);
  agent.child.kill("SIGSTOP");
  appendFileSync(file, "1");
  const changedMs = statSync(file).ctimeMs;
  await until(() => Date.now() - changedMs > 400);
  agent.child.kill("SIGCONT");
  await isIn(agent, "Paused");
  expect(frozen(records())[0]?.freezeMs).toBeGreaterThan(390);
});

test("a later start keeps the triggers and the quiet, and one that is told of others takes those", async () => {
  const { directory, file } = workDirectory();
  const { agent, start } = await busyAgent(["--pause-on-touch", directory, "--quiet", "86400"]);
  await agent.ready();
  appendFileSync(file, "1");
  await isIn(agent, "Paused");
  agent.child.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0 });

  const again = start(["join", "--foreground", "--json"]);
  expect(await again.ready()).toMatchObject({ state: "Paused" });
  expect(await statusOf(again)).toMatchObject({ pausedBy: "activity", activity: { ignored: false } });
  await again.ask({ command: "resume" });
  expect(await statusOf(again)).toMatchObject({ pausedBy: null, activity: { ignored: true } });
  again.child.kill("SIGTERM");
  expect(await again.exited).toMatchObject({ code: 0 });

  // What the owner said of it holds in the next start too.
  const third = start(["join", "--foreground", "--json"]);
  await third.ready();
  appendFileSync(file, "2");
  await until(async () => (await statusOf(third)).activity?.what === `files: ${directory}`);
  expect(await statusOf(third)).toMatchObject({ pausedBy: null, activity: { ignored: true } });
  third.child.kill("SIGTERM");
  expect(await third.exited).toMatchObject({ code: 0 });

  const last = start(["join", "--foreground", "--json", "--pause-on-nothing", "--quiet", "1"]);
  await last.ready();
  await until(async () => (await statusOf(last)).activity === null);
  appendFileSync(file, "3");
  expect((await statusOf(last)).state).not.toBe("Paused");
  expect((await statusOf(last)).activityCannot).toBeUndefined();
});

test("in the owner's hours it is paused from the start, unless the owner resumes; and what cannot work is told", async () => {
  const missing = join(temporaryDirectory(), "gone");
  writeFileSync(missing, "");
  const options = ["--pause-schedule", "00:00-24:00", "--pause-on-load", "1", "--pause-on-touch", missing];
  const { agent, start } = await busyAgent(options);
  expect(await agent.ready()).toMatchObject({ state: "Paused", cannot: expect.any(Array) });
  expect(await statusOf(agent)).toMatchObject({ pausedBy: "activity", reason: "owner activity, schedule" });
  expect(await agent.ask({ command: "resume" })).toMatchObject({ ok: true });
  await agent.busy(1);
  expect(await statusOf(agent)).toMatchObject({ state: "Working", activity: { ignored: true }, activityCannot: [] });
  agent.child.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0 });

  rmSync(missing);
  const again = start(["join", "--foreground", "--json"]);
  const told = expect.stringContaining(`Nothing is at ${missing}`);
  expect((await again.ready())["cannot"]).toContainEqual(told);
  expect((await statusOf(again)).activityCannot).toEqual([told]);
  expect(again.stderr).toContain(`Nothing is at ${missing}`);
});

describe("what cannot be meant is refused, and nothing is made", () => {
  const paths = temporaryHomeLater();
  test.each([
    { args: ["--pause-on-touch", "/no/such/thing"], says: "There is nothing at /no/such/thing" },
    { args: ["--pause-schedule", "sometimes"], says: '"sometimes" is no schedule' },
    { args: ["--pause-on-load", "50"], says: "from 0.01 to 1" },
    { args: ["--pause-on-load", ""], says: "from 0.01 to 1" },
    { args: ["--quiet", "0"], says: "from 1 to 86400" },
    { args: ["--pause-on-nothing", "--pause-on-input"], says: "cannot be used with" },
  ])("$args", async ({ args, says }) => {
    const home = paths();
    const base = ["join", "--foreground", "--broker", "http://127.0.0.1:9", "--token", "t"];
    const agent = new AgentProcess({ paths: home, args: [...base, ...args], onFinished });
    expect(await agent.exited).toMatchObject({ code: 64, stderr: expect.stringContaining(says) });
    expect(() => readFileSync(home.ledger)).toThrow("ENOENT");
  });

  test("the agent's own home", async () => {
    const home = paths();
    mkdirSync(join(home.home, "sub"), { recursive: true });
    const args = ["join", "--foreground", "--broker", "http://127.0.0.1:9", "--token", "t"];
    const own = ["--pause-on-touch", join(home.home, "sub")];
    const agent = new AgentProcess({ paths: home, args: [...args, ...own], onFinished });
    expect(await agent.exited).toMatchObject({ code: 64, stderr: expect.stringContaining("the agent's own home") });
  });
});

function temporaryHomeLater(): () => HomePaths {
  return () => temporaryHome(onFinished);
}
