import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { jobEnvironment } from "../protocol/job-environment.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { agentLimits } from "./core/limits.ts";
import { openHome } from "./io/home.ts";
import type { HomePaths } from "./io/home-paths.ts";
import { homeNote } from "./recovered.ts";
import { findCgroupsNamed } from "./sandbox/cgroup.ts";
import { parentCgroupName } from "./sandbox/job-cgroups.ts";
import { AgentProcess, joinAgent, jobProcesses, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;
/** Longer than any test here may take: whoever waits it out fails. */
const terminateGraceMs = 250_000;

const said = `echo 1 > "$${jobEnvironment.progressFile}"`;
/** Does not hear TERM. */
const stubborn = `trap '' TERM; ${said}; while :; do sleep 0.2; done`;
/** Has something to do at its end, which no TERM ends that is sent to whoever is born meanwhile; says when it does it. */
const tidy = `trap 'trap "" TERM; touch heard; sleep 30; exit 0' TERM; ${said}; while :; do sleep 0.05; done`;

/** A joined agent with so many jobs of that kind at work. */
async function busyAgent(script: string, jobs = 1) {
  const broker = await tinyBroker(onFinished, { terminateGraceMs, requestTimeoutMs: terminateGraceMs });
  for (let job = 0; job < jobs; job += 1) broker.jobs.push(["/bin/sh", "-c", script]);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, slots: jobs, onFinished });
  const { agentId } = await agent.ready();
  await agent.busy(jobs);
  return { broker, paths, agent, agentId: String(agentId) };
}

function expectNothingLeft(paths: HomePaths, agentId: string): void {
  expect(jobProcesses(paths)).toEqual([]);
  expect(findCgroupsNamed(parentCgroupName(agentId))).toEqual([]);
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
}

test.each([
  ["does not hear TERM", stubborn, () => true],
  ["is in its clean-up", tidy, ({ sandboxes }: HomePaths) => existsSync(join(sandboxes, "lease-1/workspace/heard"))],
])("a withdrawal hurries what is being ended already: a job that %s", async (_, script, isOnItsWay) => {
  const { broker, paths, agent, agentId } = await busyAgent(script);
  broker.lost.add("lease-1");
  await until(async () => {
    const { status } = await agent.ask({ command: "status" });
    return status?.sandboxes[0]?.execution === "killing" && isOnItsWay(paths);
  });
  const { report } = await agent.ask({ command: "withdraw", deadlineMs: 20_000 });
  expect(report).toMatchObject({ clean: true, processesLeft: [] });
  expect(report?.processesTerminated).toBeGreaterThan(0);
  expect(await agent.exited).toMatchObject({ code: 0 });
  expectNothingLeft(paths, agentId);
});

test("an earlier deadline hurries a withdrawal that waits for a job", async () => {
  const { paths, agent, agentId } = await busyAgent(stubborn);
  // Its own part of the grace alone is more than this test has.
  const first = agent.ask({ command: "withdraw", deadlineMs: 10 * terminateGraceMs });
  await until(() => agent.stderr.includes("running → killing"));
  const second = await agent.ask({ command: "withdraw", deadlineMs: 10_000 });
  expect(second.report).toMatchObject({ clean: true });
  expect((await first).report).toEqual(second.report);
  expect(await agent.exited).toMatchObject({ code: 0 });
  expectNothingLeft(paths, agentId);
});

/** Sends a signal until it counts as a wish of its own, and says so: soon after another one it does not. */
async function signalUntil(agent: AgentProcess, words: string): Promise<void> {
  let sentAtMs = performance.now();
  await until(() => {
    if (performance.now() - sentAtMs > agentLimits.signalRepeatMs) {
      agent.child.kill("SIGTERM");
      sentAtMs = performance.now();
    }
    return agent.stderr.includes(words) || agent.child.exitCode !== null;
  });
  // Its end may be heard of before its last words.
  if (agent.child.exitCode !== null) await agent.exited;
  expect(agent.stderr).toContain(words);
}

test("a second signal ends jobs at once, and their leases go back", async () => {
  const { broker, paths, agent } = await busyAgent(stubborn, 2);
  agent.child.kill("SIGTERM");
  await until(() => agent.stderr.split("running → killing").length === 3);
  await signalUntil(agent, "handed back as they are");
  // The grace is longer than this test may wait.
  expect(await agent.exited).toMatchObject({ code: 0 });
  expect(broker.shutdowns.map(({ handedBack }) => handedBack.length)).toEqual([2]);
  expect(jobProcesses(paths)).toEqual([]);
  expect([readdirSync(paths.sandboxes), readdirSync(paths.checkpoints)]).toEqual([[], []]);
});

test("a third signal waits for nobody", async () => {
  const { broker, paths, agent } = await busyAgent(stubborn, 2);
  broker.silent = true;
  agent.child.kill("SIGTERM");
  await signalUntil(agent, "handed back as they are");
  await signalUntil(agent, "ending at once");
  // Not 0, which comes of the wait for the broker that the second one leaves; whoever waited for its answer hangs.
  expect(await agent.exited).toMatchObject({ code: 130 });
  expect(jobProcesses(paths)).toEqual([]);
});

test("the wipe keeps to the deadline too, and the next withdrawal goes on with it (L1)", {
  // So many files are written and removed.
  timeout: 300_000,
}, async () => {
  const { paths, agent, agentId } = await busyAgent(stubborn);
  const many = join(paths.home, "many");
  mkdirSync(many);
  for (let index = 0; index < 40_000; index += 1) writeFileSync(join(many, String(index)), "");
  const { report } = await agent.ask({ command: "withdraw", deadlineMs: 300 });
  expect(report).toMatchObject({ clean: false });
  // Whoever wiped on would have come to the end of them.
  const left = readdirSync(dirname(dirname(paths.home)), { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile() && /^\d+$/.test(entry.name))).not.toEqual([]);
  expect(report?.directoriesLeft).toContainEqual(expect.stringContaining("there was no time left"));
  const again = new AgentProcess({ paths, args: ["withdraw", "--json", "--deadline", "100000"], onFinished });
  const { code, stdout, stderr } = await again.exited;
  expect(WithdrawalReport.parse(jsonOf({ stdout, stderr, code }))).toMatchObject({ clean: true, attempts: 2 });
  expect(code).toBe(0);
  await agent.exited;
  expectNothingLeft(paths, agentId);
});

test("of an agent that answers nobody while it has its home, status says neither that it runs nor that it does not", async () => {
  const paths = temporaryHome();
  const home = openHome(paths);
  onFinished(() => home.lock.release());
  expect(homeNote(home.ledger)).toBe(null);
  const status = new AgentProcess({ paths, args: ["status"], onFinished });
  expect(await status.exited).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is there and does not answer"),
  });
});
