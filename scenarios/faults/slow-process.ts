import { assert } from "../../foundation/assert.ts";
import { isAlive } from "../stages/host/proc.ts";
import { dutyCycle } from "./duty-cycle.ts";
import type { FaultContext, FaultInForce, FaultKind, FaultProcesses } from "./fault.ts";
import { controlledBy, figure, limitInCgroup } from "./fault-cgroup.ts";
import type { FaultSpecOf } from "./fault-spec.ts";

const names = { agent: "slow-agent", broker: "slow-broker", store: "slow-store", jobs: "slow-jobs" } as const;

/** Over which the limit is held, in microseconds; the kernel's own default. */
const periodUs = 100_000;

type Spec = FaultSpecOf<"slow-process">;

/**
 * Little of a CPU is left to it: a machine that is overbooked. Work in flight goes on, late. What the processes start
 * while it lasts is slow too. Where no CPU controller can be used they are stopped and continued in turn, which is coarser
 * and said so.
 */
export const slowProcess: FaultKind<"slow-process"> = {
  kind: "slow-process",
  does: "leaves the broker, an agent or an agent's jobs so many percent of one CPU",
  proves: "the kernel had them wait for CPU time (nr_throttled of cpu.stat), or each stop was seen to hold",
  needs: "the cgroup controller cpu, of version 1 or 2; without it SIGSTOP and SIGCONT take turns",
  onSim: false,
  holds: () => (controlledBy("cpu")?.version === 2 ? "the cgroup" : "the CPU time"),
  async apply(context, spec) {
    const { processes, ...whom } = context.processes(spec);
    const hit = { ...whom, processes: processes.filter(isAlive) };
    return controlledBy("cpu") === undefined ? dutyCycled(context, spec, hit) : limited(context, spec, hit);
  },
};

function limited(context: FaultContext, { cpuPercent }: Spec, hit: FaultProcesses): FaultInForce {
  const hierarchy = controlledBy("cpu");
  assert(hierarchy !== undefined, "it was asked for just now");
  const quotaUs = String(Math.round((cpuPercent / 100) * periodUs));
  const path = limitInCgroup(context, hierarchy, {
    controller: "cpu",
    pids: hit.processes.map(({ pid }) => pid),
    limits: {
      1: { "cpu.cfs_period_us": String(periodUs), "cpu.cfs_quota_us": quotaUs },
      2: { "cpu.max": `${quotaUs} ${periodUs}` },
    },
  });
  return {
    ...{ fault: names[hit.role], target: hit.target },
    detail: `${cpuPercent} % of a CPU for ${hit.processes.length} processes, by the cgroup controller cpu`,
    async proveEffect() {
      const times = figure(path, "cpu.stat", "nr_throttled");
      // The versions name it differently, and count in different units.
      const ms = figure(path, "cpu.stat", "throttled_usec") / 1e3 + figure(path, "cpu.stat", "throttled_time") / 1e6;
      return {
        seen: times > 0,
        lookedFor: "that the kernel had them wait for CPU time",
        found: `they had to wait ${times} times, for ${ms.toFixed(0)} ms in all`,
      };
    },
  };
}

function dutyCycled({ writeAhead }: FaultContext, { cpuPercent }: Spec, hit: FaultProcesses): FaultInForce {
  for (const { pid, startTime, name } of hit.processes) {
    writeAhead({ undo: "continue-process", pid, startTime, name });
  }
  const cycle = dutyCycle(hit.processes, cpuPercent);
  return {
    ...{ fault: names[hit.role], target: hit.target },
    detail: `about ${cpuPercent} % of the time for ${hit.processes.length} processes, by SIGSTOP and SIGCONT in turn`,
    async proveEffect() {
      return {
        seen: cycle.held > 0,
        lookedFor: "that they were stopped, and used no CPU time then",
        found: `${cycle.held} of ${cycle.stops} stops held until their end`,
      };
    },
    undo: async () => await cycle.end(),
  };
}
