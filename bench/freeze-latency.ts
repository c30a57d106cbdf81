import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type HostResource, resourceKey } from "../agent/host-resource.ts";
import { findCgroupsNamed, isFrozen, mayDelegate, ownCgroup, setFrozen } from "../agent/sandbox/cgroup.ts";
import { parentCgroupName } from "../agent/sandbox/job-cgroups.ts";
import type { Sandbox, SandboxDriver } from "../agent/sandbox/port.ts";
import { processDriver } from "../agent/sandbox/process-driver.ts";
import { isStopped, readProcess } from "../agent/sandbox/proc-stat.ts";
import { wipeDirectory } from "../agent/sandbox/wipe-directory.ts";
import { JobSpec } from "../protocol/messages.ts";
import { type Benchmark, type BenchmarkResult, median } from "./benchmark.ts";

const rounds = 200;
const sandboxes = 8;
const processesEach = 10;
/** L4: 99 of 100 freezes take no longer. */
const p99TargetMs = 10;
/** Nine children and the job itself, all of them busy; an abandoned one ends by itself. */
const script = `ulimit -t 120; i=1; while [ $i -lt ${processesEach} ]; do (while :; do :; done) & i=$((i+1)); done; echo > ready; while :; do :; done`;

/**
 * From the call to the moment when the kernel says that the last process of the last sandbox stands, against doing the
 * same by hand: writing `cgroup.freeze` and reading `cgroup.events`, or SIGSTOP to every group and reading /proc.
 */
export const freezeLatency: Benchmark = {
  name: "freeze-latency",
  async run() {
    const results = await measure({ cgroupRoot: null });
    const own = ownCgroup();
    return own !== null && mayDelegate(own) ? [...(await measure({})), ...results] : results;
  },
};

async function measure(options: { cgroupRoot?: null }): Promise<BenchmarkResult[]> {
  const agentId = randomBytes(32).toString("hex");
  const place = mkdtempSync(join(tmpdir(), "houseguest-bench-"));
  const driver = processDriver({ agentId, ledger: ledgerInMemory(), ...options });
  const running: Sandbox[] = [];
  try {
    for (let index = 0; index < sandboxes; index += 1) running.push(await start(driver, { agentId, place, index }));
    const [cgroup] = findCgroupsNamed(parentCgroupName(agentId));
    const byHand = cgroup === undefined ? stopByHand(running) : freezeByHand(cgroup);
    const ours: number[] = [];
    const hand: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(timed(() => driver.freezeAll()));
      driver.thawAll();
      hand.push(timed(() => byHand.freeze()));
      byHand.thaw();
    }
    return resultsOf({ ours, hand, how: cgroup === undefined ? "SIGSTOP" : "cgroup.freeze" });
  } finally {
    driver.thawAll();
    await Promise.all(running.map((sandbox) => sandbox.terminate({ graceMs: 0, deadlineMs: 10_000 })));
    driver.close();
    await wipeDirectory(place);
  }
}

function resultsOf({ ours, hand, how }: { ours: number[]; hand: number[]; how: string }): BenchmarkResult[] {
  const perSecond = (latencyMs: number): number => 1_000 / latencyMs;
  const figures = (latencies: readonly number[]): string =>
    `median ${median(latencies).toFixed(2)} ms, p99 ${p99(latencies).toFixed(2)} ms, longest ${Math.max(...latencies).toFixed(2)} ms`;
  const common = { yardstick: `${how} by hand`, unit: "freezes/s", rounds };
  const notes = [
    `${sandboxes} sandboxes of ${processesEach} busy processes; ours: ${figures(ours)}`,
    `by hand: ${figures(hand)}`,
  ];
  return [
    {
      ...common,
      subject: `freezing every sandbox, ${how}`,
      subjectRate: perSecond(median(ours)),
      yardstickRate: perSecond(median(hand)),
      target: 1 / 3,
      notes,
    },
    {
      ...common,
      subject: `the same, the slowest of 100`,
      subjectRate: perSecond(p99(ours)),
      yardstickRate: perSecond(p99(hand)),
      target: null,
      rateTarget: perSecond(p99TargetMs),
      notes: [],
    },
  ];
}

async function start(
  driver: SandboxDriver,
  { agentId, place, index }: { agentId: string; place: string; index: number },
): Promise<Sandbox> {
  const workspace = join(place, `workspace-${index}`);
  mkdirSync(workspace, { mode: 0o700 });
  const job = JobSpec.parse({ command: ["sh", "-c", script], environment: {} });
  const request = { leaseId: `lease-${index}`, jobId: `job-${index}`, epoch: 1, agentId, job, workspace };
  const sandbox = await driver.start({ ...request, logFile: join(place, `job-${index}.log`) });
  while (!existsSync(join(workspace, "ready")) || sandbox.processes().length < processesEach) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return sandbox;
}

interface ByHand {
  freeze(): void;
  thaw(): void;
}

function freezeByHand(cgroup: string): ByHand {
  return {
    freeze() {
      setFrozen(cgroup, true);
      while (!isFrozen(cgroup));
    },
    thaw: () => setFrozen(cgroup, false),
  };
}

function stopByHand(running: readonly Sandbox[]): ByHand {
  const pids = running.flatMap((sandbox) => sandbox.processes().map(({ pid }) => pid));
  const groups = new Set(pids.map((pid) => readProcess(pid)?.group ?? 0));
  const signal = (name: NodeJS.Signals): void => {
    for (const group of groups) if (group > 1) process.kill(-group, name);
  };
  return {
    freeze() {
      signal("SIGSTOP");
      while (!pids.every((pid) => stands(pid)));
    },
    thaw: () => signal("SIGCONT"),
  };
}

function stands(pid: number): boolean {
  const stat = readProcess(pid);
  return stat === null || isStopped(stat);
}

/** @returns milliseconds */
function timed(act: () => unknown): number {
  const startedMs = performance.now();
  act();
  return performance.now() - startedMs;
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}

function ledgerInMemory() {
  const live = new Map<string, HostResource>();
  return {
    acquire: (resource: HostResource) => void live.set(resourceKey(resource), resource),
    release: (key: string) => void live.delete(key),
    live: () => [...live.values()],
  };
}
