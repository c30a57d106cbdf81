import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { describe, test } from "vitest";

import { WithdrawalStep } from "../protocol/withdrawal-report.ts";
import { isInhabited } from "./io/home.ts";
import { findCgroupsNamed } from "./sandbox/cgroup.ts";
import { parentCgroupName } from "./sandbox/job-cgroups.ts";
import { AgentProcess, endlessJob, joinAgent, jobProcesses, tinyBroker } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

/** Where the agent is killed: at the begin of every step, and after things that no journal entry stands for. */
const crashes = [
  ...WithdrawalStep.shape.step.options.slice(1).map((step) => `"withdrawal".*"current":"${step}"`),
  '"release":"key:',
  '"release":"socket:',
  '"release":"(cgroup|processes):',
  '"rename":.*"to":".*\\.data\\.houseguest-',
  '"remove":".*houseguest-.*ledger',
  '"remove":".*houseguest-.*lock',
];
const nextStarts = ["join", "withdraw"] as const;

describe.concurrent("killed in the middle of a withdrawal (case 59)", () => {
  const cases = crashes.map((crashAfter, index) => ({ crashAfter, next: nextStarts[index % 2] ?? "join" }));

  test.for(cases)(
    "after $crashAfter, the next start ($next) leaves nothing",
    async (place, { expect, onTestFinished }) => {
      const { crashAfter, next } = place;
      const broker = await tinyBroker(onTestFinished);
      broker.jobs.push(endlessJob, endlessJob);
      const paths = temporaryHome(onTestFinished);
      const agent = joinAgent({ paths, broker, crashAfter, onFinished: onTestFinished });
      const { agentId } = await agent.ready();
      await agent.busy(2);
      await agent.ask({ command: "withdraw" }).catch(() => undefined);
      expect((await agent.exited).signal).toBe("SIGKILL");

      const inhabited = isInhabited(paths);
      const args = inhabited && next === "join" ? ["join", "--foreground", "--json"] : ["withdraw", "--json"];
      const { code, stderr } = await new AgentProcess({ paths, args, onFinished: onTestFinished }).exited;
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
      expect(jobProcesses(paths)).toEqual([]);
      expect(findCgroupsNamed(parentCgroupName(String(agentId)))).toEqual([]);
      expect([...broker.revoked]).toEqual([agentId]);
    },
  );
});

/** Where a start is killed before it has joined. */
const startCrashes = [
  '"rename":.*houseguest-',
  '"acquire":.*"kind":"key"',
  '"remember":.*"key":"home"',
  '"acquire":.*"kind":"cgroup"|"acquire":.*"kind":"socket"',
  '"remember":.*"key":"membership"',
];

describe.concurrent("killed while it joins", () => {
  test.for(startCrashes)("after %s, a withdrawal leaves nothing", async (crashAfter, { expect, onTestFinished }) => {
    const broker = await tinyBroker(onTestFinished);
    const paths = temporaryHome(onTestFinished);
    const agent = joinAgent({ paths, broker, crashAfter, onFinished: onTestFinished });
    expect((await agent.exited).signal).toBe("SIGKILL");
    const args = ["withdraw", "--json"];
    const { code, stderr } = await new AgentProcess({ paths, args, onFinished: onTestFinished }).exited;
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  });
});
