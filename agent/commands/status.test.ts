import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import type { AgentStatus } from "../../protocol/control.ts";
import { launcher } from "../autostart/hook.ts";
import { readProcess } from "../sandbox/proc-stat.ts";
import { AgentProcess, endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "../testing/agent-process.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { statusInWords } from "./status.ts";

const status: AgentStatus = {
  agentId: null,
  instanceId: "00000000-0000-4000-8000-000000000001",
  pid: 7,
  state: "Idle",
  pauseAsked: false,
  reason: "the broker knows the key",
  broker: "http://127.0.0.1:1",
  brokerReachable: true,
  sandboxDriver: "process",
  slots: 1,
  sandboxes: [],
  ledgerEntries: 0,
};

test("a broker that answers with a no is not one that answers", () => {
  const line = (more: object): string | undefined => /^broker .*$/m.exec(statusInWords({ ...status, ...more }))?.[0];
  expect(line({})).toContain("(answers)");
  expect(line({ brokerRefusal: "revoked: no." })).toContain("(refuses this agent: revoked: no.)");
  expect(line({ brokerReachable: false })).toContain("(does not answer)");
});

test("an agent that waits for its broker says so, and why, and no more that it has just started", () => {
  const enrolling = {
    ...status,
    state: "Enrolling",
    reason: "the agent has just started",
    brokerReachable: false,
  } as const;
  expect(statusInWords(enrolling)).toContain("Enrolling: the agent has just started\n");
  const silent = statusInWords({ ...enrolling, brokerSilence: "127.0.0.1:1 does not answer (ECONNREFUSED)" });
  expect(silent).toMatch(/^Enrolling: the broker does not answer, and is asked again and again\n/);
  expect(silent).toMatch(/^broker .*\(127\.0\.0\.1:1 does not answer \(ECONNREFUSED\)\)$/m);
  const refused = statusInWords({ ...enrolling, brokerReachable: true, brokerRefusal: "store-away: not now" });
  expect(refused).toMatch(/^Enrolling: the broker does not take it in, and is asked again and again\n/);
});

test("a home whose agent cannot join names the way out to whoever joins again", async () => {
  const paths = temporaryHome();
  // A port that nobody has, and that none is given who asks for any.
  const wish = ["join", "--foreground", "--json", "--broker", "http://127.0.0.1:2", "--token", "t"];
  const agent = new AgentProcess({ paths, args: wish, onFinished: onTestFinished });
  await until(() => agent.stderr.includes("does not answer"));
  const { status: told } = await agent.ask({ command: "status" });
  expect(told?.brokerSilence).toMatch(/does not answer \(.*ECONNREFUSED/);
  const again = new AgentProcess({ paths, args: wish, onFinished: onTestFinished });
  const { code, stderr } = await again.exited;
  expect(code).toBe(64);
  expect(stderr).toContain(`\`donor-agent withdraw --home ${paths.home}\``);
});

test("notes are no wider than 80 columns, and lose no word", () => {
  const sentence = `${"A word or two ".repeat(20)}${"x".repeat(90)} end.`;
  const words = statusInWords({ ...status, sandboxCannot: [sentence] });
  const note = words.slice(words.indexOf("Note:")).trimEnd();
  expect(note.split("\n").filter((line) => line.length > 80)).toEqual([`      ${"x".repeat(90)}`]);
  expect(note.replaceAll(/\s+/g, " ")).toBe(`Note: ${sentence}`);
});

test("a status that cannot be written is no success", async (context) => {
  if (!existsSync("/dev/full")) context.skip("this system has no /dev/full");
  const broker = await tinyBroker(onTestFinished);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, onFinished: onTestFinished });
  await agent.ready();
  const full = openSync("/dev/full", "w");
  try {
    const { status: code, stderr } = spawnSync(process.execPath, [launcher, "status", "--json", "--home", paths.home], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    expect(stderr).toContain("could not be written: ENOSPC");
    expect(code).toBe(1);
  } finally {
    closeSync(full);
  }
});

test("of an agent that was killed the status names what is still running, and what to do, as JSON too", async () => {
  const broker = await tinyBroker(onTestFinished);
  broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  // Under bubblewrap the jobs of a killed agent end with it.
  const wish = ["--broker", broker.url, "--token", "t", "--slots", "1", "--sandbox", "process"];
  const agent = new AgentProcess({
    ...{ paths, onFinished: onTestFinished },
    args: ["join", "--foreground", "--json", ...wish],
  });
  await agent.ready();
  await agent.busy(1);
  agent.child.kill("SIGKILL");
  await agent.exited;
  const leader = jobProcesses(paths).find((pid) => readProcess(pid)?.session === pid);
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [launcher, ...args, "--home", paths.home], { encoding: "utf8" });
  const { status: code, stdout, stderr } = run("status", "--json");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`is not running; .*still there:\n(.*\n)*  ${leader} .*\n(.*\n)*\`donor-agent withdraw\``),
  );
  expect(jsonOf({ stdout, stderr, code })).toMatchObject({
    error: { code: "not-running" },
    home: paths.home,
    processesLeft: expect.arrayContaining([expect.objectContaining({ pid: leader })]),
  });
  expect(run("withdraw").status).toBe(0);
  const after = run("status", "--json");
  expect(jsonOf(after)).toMatchObject({ error: { code: "not-joined" }, processesLeft: [] });
});
