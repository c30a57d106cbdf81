import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import type { HostResource } from "../host-resource.ts";
import { findCgroupsNamed, mayDelegate, ownCgroup, removeCgroup } from "./cgroup.ts";
import { freezeStrays } from "./freeze-strays.ts";
import { cpuTicks, isRunning, killIfAlive, pidsIn, processesOf, until } from "./testing/driver-bed.ts";
import { atGate, burnHere, fleeing } from "./testing/endless-job.ts";
import { parentCgroupName } from "./job-cgroups.ts";
import { memoryLedger } from "./testing/memory-ledger.ts";
import { readProcess } from "./proc-stat.ts";
import { processDriver } from "./process-driver.ts";

/**
 * An agent that starts one job, opens its gate (a start has looked at the job when it returns), freezes it if told so,
 * says what its ledger holds, and waits to be killed.
 */
const agent = `
  import { writeFileSync } from "node:fs";
  import { processDriver } from ${JSON.stringify(join(import.meta.dirname, "process-driver.ts"))};
  import { memoryLedger } from ${JSON.stringify(join(import.meta.dirname, "testing/memory-ledger.ts"))};
  import { JobSpec } from ${JSON.stringify(join(import.meta.dirname, "../../protocol/messages.ts"))};
  const { agentId, workspace, command, frozen, cgroupRoot } = JSON.parse(process.argv.at(-1));
  const ledger = memoryLedger([{ kind: "directory", path: workspace }]);
  const driver = processDriver({ agentId, ledger, ...(cgroupRoot === undefined ? {} : { cgroupRoot }) });
  const job = JobSpec.parse({ command });
  await driver.start({ leaseId: "lease-1", jobId: "job-1", epoch: 1, agentId, job, workspace, logFile: workspace + "/log" });
  writeFileSync(workspace + "/go", "");
  process.stdin.once("data", () => {
    if (frozen) driver.freezeAll();
    console.log(JSON.stringify(ledger.live()));
  });
`;

const limits = { graceMs: 200, deadlineMs: 60_000 };
const blind = { unseen: expect.stringContaining("would not have been seen") as string };
let place: string;
let agentId: string;
let killed: ChildProcess | null = null;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-strays-"));
  mkdirSync(join(place, "workspace"));
  agentId = randomBytes(32).toString("hex");
});
afterEach(() => {
  killed?.kill("SIGKILL");
  rmSync(place, { recursive: true });
  expect(processesOf(agentId)).toEqual([]);
  expect(findCgroupsNamed(parentCgroupName(agentId))).toEqual([]);
});

/** Runs the agent until its job has written `count` pids, and kills it. */
async function leaveStrays({
  script,
  count,
  frozen,
  cgroupRoot,
}: {
  script: string;
  count: number;
  frozen: boolean;
  cgroupRoot?: null;
}): Promise<{ pids: number[]; ledger: HostResource[] }> {
  const workspace = join(place, "workspace");
  const command = ["sh", "-c", script];
  const options = JSON.stringify({
    agentId,
    workspace,
    command,
    frozen,
    ...(cgroupRoot === null ? { cgroupRoot } : {}),
  });
  const child = spawn(process.execPath, ["--input-type=module", "-e", agent, options], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  killed = child;
  const pids = await pidsIn(join(workspace, "pids"), count);
  child.stdin.write("now\n");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  return { pids, ledger: JSON.parse(line) as HostResource[] };
}

const tree = `trap '' TERM; (setsid sh -c 'echo $$ >> pids; ulimit -t 60; while :; do :; done' &)
  env -i sh -c 'echo $$ >> pids; ulimit -t 60; while :; do :; done' &
  echo $$ >> pids; ulimit -t 60; while :; do :; done`;

const own = ownCgroup();
const delegated = own !== null && mayDelegate(own);

describe.each([
  { mode: "with cgroups", root: {}, able: delegated, also: {} },
  { mode: "without cgroups", root: { cgroupRoot: null }, able: true, also: blind },
])("what a killed agent left, $mode", ({ root, able, also }) => {
  test.skipIf(!able).each([
    { when: "running", frozen: false },
    { when: "frozen", frozen: true },
  ])(
    "$when, is ended by its next start (cases 27, 49 and 51; skipped where this user may not make cgroups)",
    async ({ frozen }) => {
      const left = await leaveStrays({ script: tree, count: 3, frozen, ...root });
      expect(left.pids.filter(isRunning)).toEqual(left.pids);
      const ledger = memoryLedger(left.ledger);
      const driver = processDriver({ agentId, ledger, ...root });
      const ended = await driver.endStrays(limits);
      expect(ended).toEqual({ terminated: 3, left: [], ...also });
      expect(left.pids.filter(isRunning)).toEqual([]);
      driver.close();
      expect(ledger.live().filter(({ kind }) => kind !== "directory")).toEqual([]);
    },
  );
});

test.skipIf(!delegated)(
  "strays of a frozen agent do not keep its next start's jobs from running (needs cgroups)",
  async () => {
    const left = await leaveStrays({ script: tree, count: 3, frozen: true });
    const ledger = memoryLedger(left.ledger);
    const driver = processDriver({ agentId, ledger });
    const workspace = join(place, "second");
    mkdirSync(workspace);
    const ticks = left.pids.map(cpuTicks);
    const job = {
      command: ["sh", "-c", "echo > ran; exec sleep 60"],
      environment: {},
      workspaceBytesMax: 1024 ** 2,
      redeliveriesMax: 0,
    };
    const second = {
      leaseId: "lease-2",
      jobId: "job-2",
      epoch: 1,
      agentId,
      job,
      workspace,
      logFile: join(place, "log"),
    };
    const sandbox = await driver.start(second);
    await until(() => existsSync(join(workspace, "ran")), "the second job runs");
    expect(left.pids.map(cpuTicks)).toEqual(ticks);
    expect(await driver.endStrays(limits)).toEqual({ terminated: 3, left: [] });
    expect(isRunning(sandbox.pid)).toBe(true);
    expect(ledger.live()).toContainEqual(expect.objectContaining({ kind: "processes", leaseId: "lease-2" }));
    await sandbox.terminate(limits);
    driver.close();
    expect(ledger.live().filter(({ kind }) => kind !== "directory")).toEqual([]);
  },
);

test.skipIf(!delegated)(
  "a cgroup that somebody removed under the driver is struck off once (needs cgroups)",
  async () => {
    const ledger = memoryLedger();
    const driver = processDriver({ agentId, ledger });
    const [parent] = findCgroupsNamed(parentCgroupName(agentId));
    expect(removeCgroup(parent as string)).toBe(true);
    await driver.endStrays(limits);
    driver.close();
    expect(ledger.live()).toEqual([]);
  },
);

test("a process that came by a pid of the ledger is not touched", async () => {
  // As after a reboot: the pid and even the time since boot fit, but nothing else does.
  const stranger = spawn("sh", ["-c", "ulimit -t 60; while :; do :; done"], {
    cwd: "/",
    detached: true,
    stdio: "ignore",
  });
  const pid = stranger.pid as number;
  const ended = once(stranger, "exit");
  try {
    const startTime = readProcess(pid)?.startTime ?? "";
    const ledger = memoryLedger([{ kind: "processes", leaseId: "lease-1", pid, startTime }]);
    const driver = processDriver({ agentId, ledger, cgroupRoot: null });
    expect(await driver.endStrays(limits)).toEqual({ terminated: 0, left: [], ...blind });
    driver.close();
    expect(ledger.live()).toEqual([]);
    expect(isRunning(pid)).toBe(true);
  } finally {
    stranger.kill("SIGKILL");
    await ended;
  }
});

test("the first process is known by its workspace when it has cleared its environment", async () => {
  const left = await leaveStrays({
    script: "exec env -i sh -c 'echo $$ >> pids; exec /bin/sleep 60'",
    count: 1,
    frozen: false,
    cgroupRoot: null,
  });
  await until(
    () => !readFileSync(`/proc/${left.pids[0]}/environ`, "latin1").includes("HOUSEGUEST_"),
    "the environment is cleared",
  );
  const driver = processDriver({ agentId, ledger: memoryLedger(left.ledger), cgroupRoot: null });
  expect(await driver.endStrays(limits)).toEqual({ terminated: 1, left: [], ...blind });
  driver.close();
});

test("an agent that hangs has what it adopted stopped from outside, and told apart", async () => {
  const workspace = join(place, "workspace");
  const command = ["sh", "-c", `${atGate}; ${fleeing("pids")}; ${burnHere}`];
  const options = JSON.stringify({ agentId, workspace, command, frozen: false, cgroupRoot: null });
  const child = spawn(process.execPath, ["--input-type=module", "-e", agent, options], { stdio: "ignore" });
  killed = child;
  const [pid] = (await pidsIn(join(workspace, "pids"), 1)) as [number];
  onTestFinished(() => killIfAlive(pid));
  await until(() => readProcess(pid)?.parent === child.pid, "it is adopted");
  onTestFinished(() => processesOf(agentId).forEach(killIfAlive));
  child.kill("SIGSTOP");
  expect(freezeStrays(agentId, child.pid as number)).toMatchObject({
    ...{ processes: 2, sandboxes: 1 },
    adopted: [expect.objectContaining({ pid })],
  });
  // On busy processors, whoever was told to stop may have got none to stop on by the end of the first.
  await until(() => freezeStrays(agentId, child.pid as number).running.length === 0, "nothing runs any more");
  expect(readProcess(pid)?.state).toBe("T");
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  for (const one of processesOf(agentId)) process.kill(one, "SIGKILL");
  await until(() => processesOf(agentId).length === 0, "its job has ended");
});
