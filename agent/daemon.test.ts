import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { readdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { parseHistoryLine } from "../protocol/history.ts";
import { runMarker } from "../protocol/job-environment.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { homePaths } from "./io/home-paths.ts";
import { AgentProcess, endlessJob, joinAgent, jobProcesses, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

/** A joined agent with so many endless jobs at work. */
async function busyAgent({ jobs = 2, slots = 2 } = {}) {
  const broker = await tinyBroker(onFinished);
  for (let job = 0; job < jobs; job += 1) broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, slots, onFinished });
  await agent.ready();
  await agent.busy(jobs);
  return { broker, paths, agent };
}

/** CPU time that those processes have used, in clock ticks. */
function cpuTicks(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks;
}

test("joins, tells in one line that it is ready, works, and hands in what the jobs say", async () => {
  const broker = await tinyBroker(onFinished);
  const script = `echo "$${runMarker}" > "$HOUSEGUEST_RESULT_FILE"; exit "$0"`;
  broker.jobs.push(["/bin/sh", "-c", script, "0"], ["/bin/sh", "-c", script, "3"], ["/no/such/program"]);
  const paths = temporaryHome();
  const args = ["join", "--foreground", "--json", "--broker", broker.url, "--token", "t", "--slots", "2"];
  const agent = new AgentProcess({ paths, args, onFinished, environment: { [runMarker]: "run-7" } });
  const ready = await agent.ready();
  expect(Object.keys(ready)).toEqual(["agentId", "instanceId", "pid", "state", "home", "control", "driver", "cannot"]);
  expect(ready).toMatchObject({ pid: agent.child.pid, state: "Idle", home: paths.home });
  expect(ready["driver"]).toMatch(/^(bubblewrap|process)$/);
  await until(() => broker.completed.size === 2 && broker.calls.includes("/api/v1/leases/lease-3/return"));
  expect(broker.completed.get("lease-1")).toMatchObject({ outcome: "completed", exitCode: 0, result: "run-7\n" });
  expect(broker.completed.get("lease-2")).toMatchObject({ outcome: "failed", exitCode: 3, error: "exit code 3" });
  await until(() => readdirSync(paths.sandboxes).length === 0);
});

test("a pause takes the CPU from every job until the resume, and the broker hears of it (case 21)", async () => {
  const { broker, paths, agent } = await busyAgent();
  const { pause } = await agent.ask({ command: "pause" });
  expect(pause).toMatchObject({ frozenSandboxes: 2, checkpoints: 2 });
  const pids = jobProcesses(paths);
  expect(pids.length).toBeGreaterThanOrEqual(4);
  const before = cpuTicks(pids);
  await until(() => broker.pauses.length === 1);
  // Many heartbeats later still nothing has run.
  const beats = broker.calls.length;
  await until(() => broker.calls.length > beats + 5);
  expect(cpuTicks(pids)).toBe(before);
  const { status } = await agent.ask({ command: "status" });
  expect(status).toMatchObject({ state: "Paused" });
  await agent.ask({ command: "resume" });
  const frozenAt = new Map(status?.sandboxes.map(({ leaseId, progress }) => [leaseId, progress]));
  await until(async () => {
    const now = await agent.ask({ command: "status" });
    return now.status?.sandboxes.every(({ leaseId, progress }) => progress > (frozenAt.get(leaseId) ?? 0)) ?? false;
  });
  expect(jobProcesses(paths).filter((pid) => pids.includes(pid)).length).toBeGreaterThanOrEqual(4);
});

test("SIGTERM, SIGINT and SIGTERM at once are one shutdown, with every lease given back (cases 42 and 43)", async () => {
  const { broker, paths, agent } = await busyAgent();
  agent.child.kill("SIGTERM");
  agent.child.kill("SIGINT");
  agent.child.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0 });
  expect(broker.shutdowns).toHaveLength(1);
  expect(broker.shutdowns[0]?.handedBack).toMatchObject([{ checkpoint: {} }, { checkpoint: {} }]);
  expect(jobProcesses(paths)).toEqual([]);
  expect(readdirSync(paths.sandboxes)).toEqual([]);
  expect(existsSync(paths.control)).toBe(false);
});

test("a paused agent that was killed comes back paused, with nothing running (cases 34 and 49)", async () => {
  const { broker, paths, agent } = await busyAgent();
  await agent.ask({ command: "pause" });
  agent.child.kill("SIGKILL");
  await agent.exited;
  const again = new AgentProcess({ paths, args: ["join", "--foreground", "--json"], onFinished });
  expect(await again.ready()).toMatchObject({ state: "Paused" });
  expect(jobProcesses(paths)).toEqual([]);
  await until(() => broker.calls.filter((path) => path.endsWith("/return")).length === 2);
  await until(() => readdirSync(paths.checkpoints).length === 0);
});

test("a withdrawal under a silent broker ends within its deadline and leaves nothing (case 60)", async () => {
  const { broker, paths, agent } = await busyAgent();
  broker.silent = true;
  const { report } = await agent.ask({ command: "withdraw", deadlineMs: 10_000 });
  expect(WithdrawalReport.parse(report)).toMatchObject({ clean: true, keyRevoked: "deferred", leasesDeferred: 2 });
  expect((report?.endedAt ?? 0) - (report?.startedAt ?? 0)).toBeLessThan(10_000);
  expect(await agent.exited).toMatchObject({ code: 0 });
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  expect(jobProcesses(paths)).toEqual([]);
});

test("what a job leaves behind on purpose goes with the withdrawal (cases 57 and 62)", async () => {
  const broker = await tinyBroker(onFinished);
  const nasty = `mkfifo pipe; mkdir -p closed/deep; touch closed/deep/x; chmod 0 closed/deep; chmod 500 closed
    mkdir -p "$(printf 'd%.0s' $(seq 200))/$(printf 'e%.0s' $(seq 200))"; touch "$(printf 'new\\nline\\377')"
    (setsid sleep 1000 &) ; echo 1 > "$HOUSEGUEST_PROGRESS_FILE"; trap '' TERM; while :; do sleep 1; done`;
  broker.jobs.push(["/bin/sh", "-c", nasty]);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, onFinished });
  await agent.ready();
  await agent.busy(1);
  const { report } = await agent.ask({ command: "withdraw" });
  expect(report).toMatchObject({ clean: true, leasesHandedBack: 1 });
  await agent.exited;
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  expect(jobProcesses(paths)).toEqual([]);
});

test("a second agent on the same home is refused, and the first goes on", async () => {
  const { broker, paths, agent } = await busyAgent({ jobs: 1 });
  const second = joinAgent({ paths, broker, onFinished });
  expect(await second.exited).toMatchObject({ code: 64, stderr: expect.stringContaining("already") });
  expect(await agent.ask({ command: "status" })).toMatchObject({ status: { state: "Working" } });
  expect(statSync(paths.control).mode & 0o777).toBe(0o600);
});

test("its history is what the protocol says, and tells what happened", async () => {
  const broker = await tinyBroker(onFinished);
  broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  const file = `${temporaryDirectory()}/history.jsonl`;
  const args = ["join", "--foreground", "--json", "--broker", broker.url, "--token", "t", "--slots", "1"];
  const agent = new AgentProcess({ paths, args, onFinished, environment: { HOUSEGUEST_HISTORY: file } });
  await agent.ready();
  await agent.busy(1);
  await agent.ask({ command: "pause" });
  await agent.ask({ command: "withdraw" });
  await agent.exited;
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").map(parseHistoryLine);
  const records = lines.flatMap((line) => ("record" in line ? [line.record] : []));
  expect(lines.filter((line) => "error" in line)).toEqual([]);
  expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_record, index) => index));
  const states = records.flatMap((record) => (record.type === "agent.state" ? [record.data.to] : []));
  expect(states).toEqual(["Idle", "Working", "Paused", "Withdrawing", "Withdrawn"]);
  const types = new Set(records.map(({ type }) => type));
  for (const type of ["agent.started", "agent.offer", "agent.execution", "agent.frozen", "agent.checkpoint"] as const) {
    expect(types).toContain(type);
  }
});

test("without a daemon, status says so and withdraw does it itself", async () => {
  const { broker, paths, agent } = await busyAgent();
  agent.child.kill("SIGKILL");
  await agent.exited;
  const status = await new AgentProcess({ paths, args: ["status"], onFinished }).exited;
  expect(status).toMatchObject({ code: 1, stderr: expect.stringContaining("donor-agent withdraw") });
  const withdraw = await new AgentProcess({ paths, args: ["withdraw", "--json"], onFinished }).exited;
  expect(withdraw.code, withdraw.stderr).toBe(0);
  expect(WithdrawalReport.parse(jsonOf(withdraw))).toMatchObject({ clean: true, keyRevoked: "confirmed" });
  expect(broker.withdrawals).toHaveLength(1);
  expect(jobProcesses(paths)).toEqual([]);
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  const again = await new AgentProcess({ paths, args: ["withdraw"], onFinished }).exited;
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to withdraw") });
});

test.each([
  ["a broker that is no address", ["--broker", "nowhere", "--token", "t"], "--broker http://"],
  ["no broker at all", [], "--broker URL"],
  ["slots that are no number", ["--broker", "http://127.0.0.1:9", "--token", "t", "--slots", "many"], "whole number"],
])("%s is a usage error that leaves nothing", async (_name, args, next) => {
  const paths = homePaths(`${temporaryDirectory()}/data/home`, {});
  const exit = await new AgentProcess({ paths, args: ["join", "--foreground", ...args], onFinished }).exited;
  expect(exit).toMatchObject({ code: 64, stderr: expect.stringContaining(next) });
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
});
