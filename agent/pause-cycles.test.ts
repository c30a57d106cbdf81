import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import type { HomePaths } from "./io/home-paths.ts";
import { childCgroups, findCgroupsNamed } from "./sandbox/cgroup.ts";
import { parentCgroupName } from "./sandbox/job-cgroups.ts";
import { type AgentProcess, endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";
import type { TinyBroker } from "./testing/tiny-broker.ts";

/** `HOUSEGUEST_CYCLES=1000` is for the night; leaks that grow with every cycle show in fewer. */
const cycles = Number(process.env["HOUSEGUEST_CYCLES"] ?? 100);
/** What is made once (connections, compiled code, buffers) is made in the first of them. */
const warmUpCycles = 20;
/** A small heap is cleared often, so that what grows is held and not merely uncollected. */
const smallHeap = { NODE_OPTIONS: "--max-semi-space-size=4 --max-old-space-size=128" };
/** What a collector may leave, whatever the number of cycles. */
const memoryGrowthKiBMax = 48 * 1_024;

test("pausing and resuming under load leaks nothing (WC-9; case 22)", { timeout: 600_000 }, async () => {
  const broker = await tinyBroker(onTestFinished);
  broker.jobs.push(endlessJob, endlessJob);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, onFinished: onTestFinished, environment: smallHeap });
  const agentId = String((await agent.ready())["agentId"]);
  await agent.busy(2);
  await cycle(agent, warmUpCycles);
  const before = await holdingsAtRest(agent, { paths, agentId, broker });
  await cycle(agent, cycles);
  // A file that is being read or sent is open for a moment, before and after; what leaks stays open.
  await until(() => descriptorsOf(agent) <= before.descriptors);
  const after = await holdingsAtRest(agent, { paths, agentId, broker });
  console.info(`${cycles} cycles; before: ${JSON.stringify(before)}; after: ${JSON.stringify(after)}`);
  const { memoryKiB, jobPids, descriptors: _, ...counts } = after;
  const { memoryKiB: memoryBeforeKiB, jobPids: jobPidsBefore, descriptors: __, ...countsBefore } = before;
  expect(counts).toEqual(countsBefore);
  // The shells that work; what they start comes and goes.
  expect(jobPidsBefore.filter((pid) => jobPids.includes(pid)).length).toBeGreaterThanOrEqual(2);
  expect(memoryKiB - memoryBeforeKiB).toBeLessThan(memoryGrowthKiBMax);
  expect(await agent.ask({ command: "withdraw" })).toMatchObject({ ok: true });
  expect((await agent.exited).code).toBe(0);
});

async function cycle(agent: AgentProcess, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    expect(await agent.ask({ command: "pause" })).toMatchObject({ ok: true });
    expect(await agent.ask({ command: "resume" })).toMatchObject({ ok: true });
  }
}

interface Holdings {
  readonly descriptors: number;
  readonly threads: number;
  readonly cgroups: number;
  readonly directories: number;
  readonly checkpoints: number;
  readonly memoryKiB: number;
  readonly jobPids: readonly number[];
}

/** Counted in a pause of which the broker has heard, when its checkpoints took the place of those before. */
async function holdingsAtRest(
  agent: AgentProcess,
  { broker, ...what }: { paths: HomePaths; agentId: string; broker: TinyBroker },
): Promise<Holdings> {
  const heard = broker.pauses.length;
  expect(await agent.ask({ command: "pause" })).toMatchObject({ ok: true });
  await until(() => broker.pauses.length > heard);
  await until(() => checkpointsOf(what.paths).every((generations) => generations.length === 1));
  const holdings = holdingsOf(agent, what);
  expect(await agent.ask({ command: "resume" })).toMatchObject({ ok: true });
  return holdings;
}

/** The generations that are kept of each lease; what a newer one replaces is wiped after the pause is answered. */
function checkpointsOf({ checkpoints }: HomePaths): string[][] {
  return readdirSync(checkpoints).map((leaseId) => readdirSync(join(checkpoints, leaseId)));
}

/** What the agent holds, as the kernel says. */
function holdingsOf(agent: AgentProcess, { paths, agentId }: { paths: HomePaths; agentId: string }): Holdings {
  const proc = `/proc/${agent.child.pid}`;
  const entries = readdirSync(paths.home, { recursive: true, withFileTypes: true });
  return {
    descriptors: descriptorsOf(agent),
    threads: readdirSync(`${proc}/task`).length,
    cgroups: findCgroupsNamed(parentCgroupName(agentId)).flatMap((path) => [path, ...childCgroups(path)]).length,
    directories: entries.filter((entry) => entry.isDirectory()).length,
    checkpoints: entries.filter((entry) => entry.isFile() && entry.parentPath.includes("checkpoints")).length,
    memoryKiB: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${proc}/status`, "utf8"))?.[1]),
    jobPids: jobProcesses(paths),
  };
}

/** Connections to the broker come and go, and are not counted. */
function descriptorsOf({ child }: AgentProcess): number {
  const directory = `/proc/${child.pid}/fd`;
  return readdirSync(directory).filter((name) => !isSocket(`${directory}/${name}`)).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    // It was closed while we looked.
    return true;
  }
}
