import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import type { HomePaths } from "./io/home-paths.ts";
import { cgroupMount } from "./sandbox/cgroup.ts";
import { lockHolder } from "./io/lock-holder.ts";
import { readProcess } from "./sandbox/proc-stat.ts";
import { AgentProcess, endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

async function atWork() {
  const broker = await tinyBroker(onFinished);
  broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  // Under bubblewrap the jobs of a killed agent end with it.
  const wish = ["--broker", broker.url, "--token", "t", "--slots", "1", "--sandbox", "process"];
  const agent = new AgentProcess({ paths, args: ["join", "--foreground", "--json", ...wish], onFinished });
  await agent.ready();
  await agent.busy(1);
  const run = (...args: string[]): AgentProcess => new AgentProcess({ paths, args, onFinished });
  return { broker, paths, agent, run };
}

/** Waits until none of the jobs runs. Told to stop they are; on busy processors one may have to wait for one to do so on. */
async function areStopped(paths: HomePaths): Promise<void> {
  expect(jobProcesses(paths)).not.toEqual([]);
  await until(() => jobProcesses(paths).every(isStill));
}

/** Stopped by a signal, or in a cgroup that is frozen. */
function isStill(pid: number): boolean {
  if (readProcess(pid)?.state === "T") return true;
  const [, cgroup] = /^0::(.*)$/m.exec(readOrEmpty(`/proc/${pid}/cgroup`)) ?? [];
  // It ended while we looked.
  if (cgroup === undefined) return readProcess(pid) === null;
  const events = `${cgroupMount()}${cgroup}/cgroup.events`;
  return existsSync(events) && readFileSync(events, "utf8").includes("frozen 1");
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

test("who holds a home is told by its lock", async () => {
  const { paths, agent } = await atWork();
  expect(lockHolder(paths.lock)).toBe(agent.child.pid);
  agent.child.kill("SIGKILL");
  await agent.exited;
  expect(lockHolder(paths.lock)).toBe(null);
});

describe("an agent that is stopped", () => {
  async function stopped() {
    const bed = await atWork();
    bed.agent.child.kill("SIGSTOP");
    return bed;
  }

  test("has its jobs stopped from outside by a pause, which says so within seconds and takes effect when it goes on", async () => {
    const { paths, agent, run } = await stopped();
    // Whoever waited for the agent would not be back in this test's time: it stands still until it is told to go on.
    const { code, stderr } = await run("pause").exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not answer.*Its jobs were stopped from outside: \d+ processes of 1 sandboxes/s);
    expect(stderr).toContain(`kill -9 ${agent.child.pid}`);
    await areStopped(paths);
    agent.child.kill("SIGCONT");
    const { pause } = await agent.ask({ command: "pause" });
    expect(pause).toMatchObject({ frozenSandboxes: 1 });
    await agent.ask({ command: "withdraw" });
  });

  test("is named with its pid by status, resume and join", async () => {
    const { agent, run } = await stopped();
    // Each waits for an answer as long as it may; all at once, so do the tests.
    const [status, resume, join] = await Promise.all([
      run("status").exited,
      run("resume").exited,
      run("join", "--foreground", "--broker", "http://127.0.0.1:1", "--token", "t").exited,
    ]);
    for (const { code, stderr } of [status, resume]) {
      expect(code).toBe(1);
      expect(stderr).toContain(`kill -9 ${agent.child.pid}`);
    }
    expect(join.code).toBe(64);
    expect(join.stderr).toContain(`pid ${agent.child.pid}`);
  });

  test("is killed by a withdrawal whose deadline is over, and nothing is left", async () => {
    const { paths, agent, run, broker } = await stopped();
    const { code, stderr, stdout } = await run("withdraw", "--json", "--deadline", "4000").exited;
    expect(stderr).toMatch(/\(pid \d+\) does not answer/);
    expect((await agent.exited).signal).toBe("SIGKILL");
    expect(jsonOf({ stdout, stderr, code })).toMatchObject({ clean: true, keyRevoked: "confirmed" });
    expect(code).toBe(0);
    expect(broker.revoked.size).toBe(1);
    expect(jobProcesses(paths)).toEqual([]);
    expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  });
});

describe("an agent that was killed", () => {
  test("has the jobs that it left stopped by a pause, and comes back paused", async () => {
    const { paths, agent, run, broker } = await atWork();
    agent.child.kill("SIGKILL");
    await agent.exited;
    const pause = async () => await run("pause", "--json", "--reason", "night").exited;
    let { code, stdout, stderr } = await pause();
    // Where they are not seen to stand still in time, it says so, and that it may be asked again.
    while (stderr.includes("not everything stands still")) ({ code, stdout, stderr } = await pause());
    expect(stderr).toBe("");
    expect(jsonOf({ stdout, stderr, code })).toMatchObject({ frozenSandboxes: 1, checkpoints: 0 });
    expect(code).toBe(0);
    await areStopped(paths);
    const again = joinAgent({ paths, broker, onFinished, slots: 1 });
    await again.ready();
    const { status } = await again.ask({ command: "status" });
    expect(status).toMatchObject({ state: "Paused", reason: "night" });
    expect(jobProcesses(paths)).toEqual([]);
    await again.ask({ command: "withdraw" });
    await again.exited;
  });

  test("and whose home is gone has them stopped too; where nothing is left, a pause says that nobody lives there", async () => {
    const { paths, agent, run } = await atWork();
    agent.child.kill("SIGKILL");
    await agent.exited;
    rmSync(paths.home, { recursive: true });
    const paused = await run("pause").exited;
    expect(paused.code).toBe(1);
    expect(paused.stderr).toContain("Its jobs were stopped from outside");
    await areStopped(paths);
    expect((await run("withdraw").exited).code).toBe(0);
    expect(jobProcesses(paths)).toEqual([]);
    expect((await run("pause").exited).stderr).toContain("No agent lives in");
  });
});
