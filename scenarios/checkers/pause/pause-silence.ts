import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

/**
 * How much CPU time a frozen process may seem to use, in microseconds: nothing but the kernel's own accounting of the
 * moment in which the freeze took hold.
 */
const accountingUs = 1_000;

interface Instance {
  paused: RecordOf<"agent.state"> | null;
  frozen: RecordOf<"agent.frozen"> | null;
  /** The checkpoints of this freeze, by lease. */
  readonly checkpoints: Map<string, RecordOf<"agent.checkpoint">>;
}

/**
 * I5: between the freeze of a pause and the resume no process of any sandbox runs: as seen from outside, and by the
 * agent's account, in which nothing begins to run while Paused and no checkpoint of one freeze is ahead of another.
 */
export const pauseSilence = checkerOf("nothing of a sandbox runs between freeze and resume (I5)", () => {
  const instances = new Instances<Instance>(() => ({ paused: null, frozen: null, checkpoints: new Map() }));
  let looks = 0;
  let watchedMs = 0;
  let usedUs = 0;
  return {
    on: {
      "witness.frozen": (record) => {
        const { processes, running, cpuUsedUs, forMs } = record.data;
        if (processes === 0) return;
        looks += 1;
        watchedMs += forMs;
        usedUs += cpuUsedUs;
        if (running === 0 && cpuUsedUs <= accountingUs * processes) return;
        const used = `using ${cpuUsedUs.toFixed(0)} µs in ${forMs.toFixed(0)} ms`;
        return violation(`of ${processes} frozen processes ${running} ran, ${used}`, record);
      },
      "agent.started": (record) => {
        instances.started(record);
      },
      "agent.state": (record) => {
        instances.of(record.source).paused = record.data.to === "Paused" ? record : null;
      },
      "agent.execution": (record) => {
        const { to, leaseId } = record.data;
        if (to !== "spawning" && to !== "running") return;
        const { paused } = instances.of(record.source);
        return paused === null ? null : violation(`${leaseId} came to be ${to} while Paused`, paused, record);
      },
      "agent.frozen": (record) => {
        instances.of(record.source).frozen ??= record;
      },
      "agent.thawed": ({ source }) => {
        const instance = instances.of(source);
        instance.frozen = null;
        instance.checkpoints.clear();
      },
      "agent.checkpoint": (record) => {
        const { frozen, checkpoints } = instances.of(record.source);
        if (frozen === null) return;
        const { leaseId, checkpoint } = record.data;
        const before = checkpoints.get(leaseId);
        checkpoints.set(leaseId, record);
        const progress = before?.data.checkpoint.progress ?? Number.POSITIVE_INFINITY;
        if (checkpoint.progress <= progress) return;
        const summary = `${leaseId} got from ${progress} to ${checkpoint.progress} while it was frozen`;
        return violation(summary, frozen, before, record);
      },
    },
    end: () =>
      looks === 0
        ? undecided("no frozen process was ever watched")
        : passed(`watched ${looks} times for ${watchedMs.toFixed(0)} ms in all, ${usedUs.toFixed(0)} µs of CPU used`),
  };
});
