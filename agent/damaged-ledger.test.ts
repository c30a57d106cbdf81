import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { FakeCrontab } from "./autostart/testing/fake-crontab.ts";
import { findCgroupsNamed } from "./sandbox/cgroup.ts";
import { parentCgroupName } from "./sandbox/job-cgroups.ts";
import { AgentProcess, endlessJob, jobProcesses, tinyBroker } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

/** An agent with a startup hook that was killed while its job ran. */
async function killedAtWork({ jobs = 1 } = {}) {
  const broker = await tinyBroker(onFinished);
  if (jobs > 0) broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  const crontab = new FakeCrontab();
  crontab.table(Buffer.from("# theirs\n"));
  const environment = {
    HOME: temporaryDirectory(),
    XDG_CONFIG_HOME: "",
    PATH: `${crontab.directory}${delimiter}${process.env["PATH"]}`,
  };
  const run = (...args: string[]): AgentProcess => new AgentProcess({ paths, args, onFinished, environment });
  const more = [
    "--broker",
    broker.url,
    "--token",
    "t",
    "--slots",
    "1",
    "--sandbox",
    "process",
    "--autostart",
    "crontab",
  ];
  const agent = run("join", "--foreground", "--json", "--log-in-home", ...more);
  const agentId = String((await agent.ready())["agentId"]);
  await agent.busy(jobs);
  agent.child.kill("SIGKILL");
  await agent.exited;
  expect(jobProcesses(paths).length > 0).toBe(jobs > 0);
  expect(crontab.text()).toContain("houseguest:");
  return { broker, paths, crontab, run, agentId };
}

async function withdraw({ run }: Awaited<ReturnType<typeof killedAtWork>>, ...args: string[]) {
  const { code, stdout, stderr } = await run("withdraw", "--json", ...args).exited;
  expect(stdout, stderr).not.toBe("");
  return { code, report: WithdrawalReport.parse(jsonOf({ stdout, stderr, code })) };
}

describe("a withdrawal of an agent that was killed at work", () => {
  test.each([
    { name: "empty", damage: (ledger: string) => truncateSync(ledger, 0) },
    { name: "cut off", damage: (ledger: string) => truncateSync(ledger, 300) },
    { name: "gone", damage: (ledger: string) => rmSync(ledger) },
  ])("with a ledger that is $name goes by what is there", async ({ damage }) => {
    const left = await killedAtWork();
    const { paths, crontab, agentId, broker } = left;
    damage(paths.ledger);
    const { code, report } = await withdraw(left);
    expect(report).toMatchObject({ agentId, clean: true, keyRevoked: "deferred", processesLeft: [] });
    expect(report.processesTerminated).toBeGreaterThan(0);
    expect(report.missingInLedger).toContain(`socket:${paths.control}`);
    expect(code).toBe(0);
    expect(jobProcesses(paths)).toEqual([]);
    expect(findCgroupsNamed(parentCgroupName(agentId))).toEqual([]);
    expect(crontab.text()).toBe("# theirs\n");
    expect(existsSync(paths.home)).toBe(false);
    expect(broker.withdrawals).toEqual([]);
    expect(await withdraw(left)).toMatchObject({ code: 0, report: { clean: true, steps: [] } });
  });

  test("that had no job takes its empty cgroup away too", async () => {
    const left = await killedAtWork({ jobs: 0 });
    truncateSync(left.paths.ledger, 0);
    expect(await withdraw(left)).toMatchObject({ code: 0, report: { clean: true } });
    expect(findCgroupsNamed(parentCgroupName(left.agentId))).toEqual([]);
  });

  test("with a ledger that still names the broker has the key revoked there", async () => {
    const left = await killedAtWork();
    const { paths, broker, agentId } = left;
    const lines = readLines(paths.ledger);
    const home = lines.findIndex((line) => line.includes('"key":"home"'));
    writeFileSync(paths.ledger, lines.slice(0, home + 1).join(""));
    const { code, report } = await withdraw(left);
    expect(report).toMatchObject({ agentId, clean: true, keyRevoked: "confirmed" });
    expect(code).toBe(0);
    expect(broker.revoked).toContain(agentId);
    expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  });

  test("whose home was removed as a whole ends its jobs and takes its hook away", async () => {
    const left = await killedAtWork();
    const { paths, crontab, agentId } = left;
    rmSync(paths.home, { recursive: true });
    const { code, report } = await withdraw(left);
    expect(report).toMatchObject({ agentId, clean: true, keyRevoked: "deferred" });
    expect(code).toBe(0);
    expect(jobProcesses(paths)).toEqual([]);
    expect(findCgroupsNamed(parentCgroupName(agentId))).toEqual([]);
    expect(crontab.text()).toBe("# theirs\n");
    expect(existsSync(paths.home)).toBe(false);
  });

  test("names what somebody else has put into a home without a ledger, and leaves it", async () => {
    const left = await killedAtWork();
    const { paths } = left;
    rmSync(paths.ledger);
    const letter = join(paths.home, "letter.txt");
    writeFileSync(letter, "dear");
    const { code, report } = await withdraw(left);
    expect(report).toMatchObject({ clean: false });
    expect(report.directoriesLeft[0]).toMatch(/letter\.txt \(the ledger was lost/);
    expect(code).toBe(1);
    expect(existsSync(letter)).toBe(true);
    expect(jobProcesses(paths)).toEqual([]);
    rmSync(letter);
    expect(await withdraw(left)).toMatchObject({ code: 0, report: { clean: true } });
  });
});

test("a join over a damaged ledger ends the jobs that it does not name any more", async () => {
  const left = await killedAtWork();
  const { paths, broker, run } = left;
  const before = jobProcesses(paths);
  truncateSync(paths.ledger, 0);
  const again = run("join", "--foreground", "--json", "--broker", broker.url, "--token", "t", "--slots", "1");
  await again.ready();
  expect(before.filter((pid) => jobProcesses(paths).includes(pid))).toEqual([]);
  const { report } = await again.ask({ command: "withdraw" });
  expect(report).toMatchObject({ clean: true });
  expect(left.crontab.text()).toBe("# theirs\n");
});

test("a join on a home whose ledger is gone is refused, and told to withdraw first", async () => {
  const { paths, run, broker } = await killedAtWork();
  rmSync(paths.ledger);
  const { code, stderr } = await run("join", "--foreground", "--broker", broker.url, "--token", "t").exited;
  expect(code).toBe(64);
  expect(stderr).toContain(`donor-agent withdraw --home ${paths.home}`);
  expect(existsSync(paths.key)).toBe(true);
  expect((await run("withdraw").exited).code).toBe(0);
});

test("a withdrawal without an agent says nothing but its report, and with --verbose what it does", async () => {
  const quiet = await killedAtWork();
  expect((await quiet.run("withdraw").exited).stderr).toBe("");
  const left = await killedAtWork();
  truncateSync(left.paths.ledger, 0);
  const { stdout, stderr } = await left.run("withdraw", "--verbose").exited;
  expect(stderr).toContain("The host ledger was damaged");
  expect(stdout).toContain("The host ledger was damaged. This was found without it: key:");
  expect(stdout).toContain(`ask its operator to revoke the agent ${left.agentId}`);
});

test("a directory of somebody else's is no agent's home, whatever its names", async () => {
  const left = await killedAtWork();
  await withdraw(left);
  const { paths, run } = left;
  mkdirSync(paths.sandboxes, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.sandboxes, "castle.txt"), "sand");
  copyFileSync("/etc/hostname", paths.key);
  const { code, stdout } = await run("withdraw").exited;
  expect(stdout).toContain("No agent lives there");
  expect(code).toBe(0);
  expect(readdirSync(paths.sandboxes)).toEqual(["castle.txt"]);
});

function readLines(path: string): string[] {
  return readFileSync(path, "utf8").split(/(?<=\n)/);
}
