import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, afterAll, describe, expect, test } from "vitest";

import { isInhabited } from "./io/home.ts";
import type { HomePaths } from "./io/home-paths.ts";
import { findCgroupsNamed } from "./sandbox/cgroup.ts";
import { parentCgroupName } from "./sandbox/job-cgroups.ts";
import {
  type AgentExit,
  AgentProcess,
  jobProcesses,
  joinAgent,
  restingJob,
  tinyBroker,
  until,
} from "./testing/agent-process.ts";
import {
  crashAtVariable,
  type CrashPoint,
  crashPointVariable,
  type JournalPoint,
  pointsVariable,
} from "./testing/journal-points.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";
import type { TinyBroker } from "./testing/tiny-broker.ts";

/**
 * Every step of a life that reaches the journal, from the journal itself: an agent lives once undisturbed and says by
 * which points its journal went; then another is killed right before one of them, and another right after the next,
 * each started again, and told to withdraw. In the night (`HOUSEGUEST_KILL_EDGES=both`) each point has both. Whatever
 * it had begun, nothing may be left (WC-4; docs/cases.md, cases 34, 49 and 59).
 */
const points = await pointsOfALife();
const bothEdges = process.env["HOUSEGUEST_KILL_EDGES"] === "both";
const edges = ["before", "after"] as const;
const crashes = points.flatMap((point, place): CrashPoint[] =>
  edges.filter((_, at) => bothEdges || at === place % 2).map((edge) => ({ ...point, edge })),
);
/**
 * Of the recovery's own points, every so manieth is where the second kill comes; each crash takes another. One crash in
 * so many has a second kill: each in four, or in the night all (`HOUSEGUEST_SECOND_KILLS=1`).
 */
const secondKills = { first: 1, every: 7, oneIn: Number(process.env["HOUSEGUEST_SECOND_KILLS"] ?? 4) };

let killedOnce = 0;
let killedTwice = 0;
afterAll(() => {
  console.info(
    `${points.length} points of the journal: ${killedOnce} kills, ${killedTwice} of them with a second one in the recovery`,
  );
});

test("the journal of a life names its joining, its pause and its withdrawal", () => {
  const labels = points.map(({ label }) => label).join("\n");
  for (const part of [
    /remember membership/,
    /acquire processes:lease-1/,
    /remember pause$/m,
    /remember withdrawal .*wipe/,
  ]) {
    expect(labels).toMatch(part);
  }
});

describe.concurrent("killed at a point of its journal (case 59)", () => {
  const cases = crashes.map((crash, index) => ({ ...crash, crash, index }));

  test.for(cases)("$edge $label #$occurrence, nothing is left", async ({ crash, index }, context) => {
    const { expect, onTestFinished } = context;
    const broker = await tinyBroker(onTestFinished);
    broker.jobs.push(restingJob, restingJob);
    const paths = temporaryHome(onTestFinished);
    const environment = { [crashPointVariable]: JSON.stringify(crash) };
    const exit = await live({ paths, broker, environment, context });
    expect(exit.signal, `it was killed there\n${exit.stderr}`).toBe("SIGKILL");
    killedOnce += 1;
    // The next start may be killed as well, somewhere in its recovery, and the one after must come to the end.
    const joins = index % 4 < 2;
    const again = secondKills.first + (index % secondKills.every);
    const isTwice = Math.floor(index / 4) % secondKills.oneIn === 0;
    const second = await recover({
      ...{ paths, broker, joins, context },
      environment: isTwice ? { [crashAtVariable]: String(again) } : {},
    });
    if (second.signal === "SIGKILL") {
      killedTwice += 1;
      const third = await recover({ paths, broker, joins, context, environment: {} });
      expect({ code: third.code, stderr: third.code === 0 ? "" : third.stderr }).toEqual({ code: 0, stderr: "" });
      expectWholeLedger(third, context);
    } else {
      expect({ code: second.code, stderr: second.code === 0 ? "" : second.stderr }).toEqual({ code: 0, stderr: "" });
    }
    expectWholeLedger(second, context);
    expectNothingLeft({ paths, broker, context });
  });
});

/** Nothing was there that the ledger did not hold (I11): a kill at any point does not look like a damaged ledger. */
function expectWholeLedger({ stdout, stderr }: AgentExit, { expect: see }: Pick<TestContext, "expect">): void {
  see(stdout).not.toContain("missingInLedger");
  see(stderr).not.toContain("ledger was damaged");
}

/** A life from join to withdrawal, with two jobs and a pause; it ends as soon as the agent does. */
async function live({
  paths,
  broker,
  environment,
  context: { onTestFinished: onFinished },
}: {
  paths: HomePaths;
  broker: TinyBroker;
  environment: NodeJS.ProcessEnv;
  context: Pick<TestContext, "onTestFinished">;
}): Promise<AgentExit> {
  const agent = joinAgent({ paths, broker, onFinished, environment });
  const acts = async (): Promise<void> => {
    await agent.ready();
    await agent.busy(2);
    await agent.ask({ command: "pause" });
    await agent.ask({ command: "resume" });
    await agent.ask({ command: "withdraw" });
  };
  return await exitOf(agent, acts());
}

/** Waits for the end of an agent that is asked for something. Whoever is killed answers nobody any more. */
async function exitOf(agent: AgentProcess, asked: Promise<unknown>): Promise<AgentExit> {
  const failed = asked.then(
    () => new Promise<never>(() => undefined),
    async (error: unknown) => {
      await until(() => agent.child.exitCode !== null || agent.child.signalCode !== null, { forMs: 60_000 }).catch(
        () => {
          throw new Error(`it neither did what it was asked for nor ended\n${agent.stderr}`, { cause: error });
        },
      );
      return await agent.exited;
    },
  );
  return await Promise.race([failed, agent.exited]);
}

/**
 * Starts what was killed once more, as its owner's wish to withdraw or as a start like any other, and has it withdraw.
 */
async function recover({
  paths,
  broker,
  joins,
  environment,
  context: { onTestFinished: onFinished },
}: {
  paths: HomePaths;
  broker: TinyBroker;
  joins: boolean;
  environment: NodeJS.ProcessEnv;
  context: Pick<TestContext, "onTestFinished">;
}): Promise<AgentExit> {
  const join = ["join", "--foreground", "--json", "--broker", broker.url, "--token", "t"];
  const args = joins && isInhabited(paths) ? join : ["withdraw", "--json"];
  const agent = new AgentProcess({ paths, args, onFinished, environment });
  if (args[0] === "withdraw") return await agent.exited;
  // A withdrawal that was journalled goes on by itself, and nobody is there to be asked any more.
  return await exitOf(
    agent,
    agent.ready().then(() => agent.ask({ command: "withdraw" })),
  );
}

function expectNothingLeft({
  paths,
  broker,
  context,
}: {
  paths: HomePaths;
  broker: TinyBroker;
  context: Pick<TestContext, "expect">;
}): void {
  context.expect(isInhabited(paths)).toBe(false);
  context.expect(readdirSync(dirname(dirname(paths.home)))).toEqual([]);
  context.expect(jobProcesses(paths)).toEqual([]);
  for (const agentId of broker.enrolled) {
    context.expect(findCgroupsNamed(parentCgroupName(agentId))).toEqual([]);
  }
  // Whoever was enrolled is revoked: a key that was never used needs no revocation.
  context.expect([...broker.revoked]).toEqual([...broker.enrolled]);
}

/** The points of an undisturbed life, in their order. */
async function pointsOfALife(): Promise<JournalPoint[]> {
  const endings: (() => void | Promise<void>)[] = [];
  const onFinished = (act: () => void | Promise<void>): void => void endings.push(act);
  try {
    const broker = await tinyBroker(onFinished);
    broker.jobs.push(restingJob, restingJob);
    const paths = temporaryHome(onFinished);
    const file = join(temporaryDirectory(onFinished), "points.jsonl");
    const context = { onTestFinished: onFinished } as Pick<TestContext, "onTestFinished">;
    const { code, stderr } = await live({ paths, broker, environment: { [pointsVariable]: file }, context });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as JournalPoint);
  } finally {
    for (const end of endings.reverse()) await end();
  }
}
