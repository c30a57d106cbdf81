import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { findCgroupsNamed } from "./sandbox/cgroup.ts";
import { parentCgroupName } from "./sandbox/job-cgroups.ts";
import { endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

async function atWork() {
  const broker = await tinyBroker(onFinished);
  broker.jobs.push(endlessJob);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, onFinished, slots: 2 });
  const agentId = String((await agent.ready())["agentId"]);
  await agent.busy(1);
  return { broker, paths, agent, agentId };
}

test.each(["removed", "replaced by a directory of somebody else's"])(
  "an agent whose home is %s ends its jobs, tells the broker, leaves the host and says so",
  async (how) => {
    const { broker, paths, agent, agentId } = await atWork();
    rmSync(paths.home, { recursive: true, force: true });
    const theirs = join(paths.home, "letter.txt");
    if (how !== "removed") {
      mkdirSync(paths.home, { recursive: true });
      writeFileSync(theirs, "dear");
    }
    broker.jobs.push(endlessJob);
    const { code, stderr } = await agent.exited;
    expect(code).toBe(1);
    expect(stderr).toContain("was removed while the agent ran");
    expect(jobProcesses(paths)).toEqual([]);
    expect(findCgroupsNamed(parentCgroupName(agentId))).toEqual([]);
    expect(broker.revoked).toContain(agentId);
    if (how === "removed") expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
    else expect(readFileSync(theirs, "utf8")).toBe("dear");
  },
);

test("an agent half of whose home is removed clears the rest too", async () => {
  const { broker, paths, agent } = await atWork();
  for (const path of [paths.ledger, paths.lock, paths.key]) rmSync(path);
  const { code, stderr } = await agent.exited;
  expect(code).toBe(1);
  expect(stderr).toContain("was removed while the agent ran");
  expect(broker.revoked.size).toBe(1);
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
});

test("a control socket that was removed is bound anew by the agent that works", async () => {
  const { paths, agent } = await atWork();
  rmSync(paths.control);
  // Its name is there a moment before it listens.
  await until(async () => await agent.answers());
  const { pause } = await agent.ask({ command: "pause" });
  expect(pause).toMatchObject({ frozenSandboxes: 1 });
  const { report } = await agent.ask({ command: "withdraw" });
  expect(report).toMatchObject({ clean: true });
});

test.each([
  { name: "emptied", damage: (ledger: string) => truncateSync(ledger, 0) },
  { name: "removed", damage: (ledger: string) => rmSync(ledger) },
])("a ledger that was $name is written anew by the agent that works", async ({ damage }) => {
  const { paths, agent } = await atWork();
  damage(paths.ledger);
  await until(() => existsSync(paths.ledger) && readFileSync(paths.ledger, "utf8").includes('"membership"'));
  // More than it takes on a machine that is busy: the broker's answer is to come in time.
  const { report } = await agent.ask({ command: "withdraw", deadlineMs: 60_000 });
  expect(report).toMatchObject({ clean: true, keyRevoked: "confirmed" });
  expect(report?.missingInLedger).toBeUndefined();
  await agent.exited;
  expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
});
