import type { JobCgroups } from "./job-cgroups.ts";
import { readProcess } from "./proc-stat.ts";
import type { Member } from "./process-table.ts";
import { keyOf } from "./stop-processes.ts";

/** USER_HZ (time(7)). */
const ticksPerSecond = 100;

interface Seen {
  readonly member: Member;
  readonly ticks: number;
}

/**
 * Counts the CPU time of all jobs, as `SandboxDriver.cpuMs` says. By their cgroup, which knows it exactly; where there
 * is none by their processes and those that these waited for.
 *
 * How: the time of a process that ended is found with whoever waited for it, which is another of the job's or this
 * process, so it counts there and no more with itself; what else this process waited for counts too, being its own.
 * What nobody of those waited for is not counted beyond the last look: the kernel keeps no account of it.
 *
 * Who waits for another was read a moment before that one was missed, and may not have waited yet:
 *
 * 1. One that has ended and was not waited for (a zombie) still has its time, and counts with itself.
 * 2. One that was waited for in between counts nowhere in this look. What is missing for it is owed to the next one,
 *    which finds it with whoever waited; it would count twice otherwise.
 */
export function jobsCpu({
  cgroups,
  scan,
}: {
  cgroups: JobCgroups | null;
  scan: () => readonly Member[];
}): () => number {
  let before = new Map<string, Seen>();
  let reapedTicks: number | null = null;
  let totalTicks = 0;
  /** What this look has found too little, zero or less. */
  let owedTicks = 0;
  let firstMs: number | null = null;
  let lastMs = 0;
  return () => {
    const byCgroup = cgroups?.cpuMs() ?? null;
    if (byCgroup !== null) {
      firstMs ??= byCgroup;
      lastMs = Math.max(lastMs, byCgroup - firstMs);
    }
    if (cgroups !== null) return lastMs;
    const reaped = readProcess(process.pid)?.reapedTicks ?? 0;
    const now = new Map<string, Seen>();
    for (const member of scan()) now.set(keyOf(member), { member, ticks: member.cpuTicks + member.reapedTicks });
    for (const [key, { member }] of before) {
      const zombie = now.has(key) ? null : readProcess(member.pid);
      if (zombie?.startTime !== member.startTime) continue;
      now.set(key, { member: { ...member, parent: zombie.parent }, ticks: zombie.cpuTicks + zombie.reapedTicks });
    }
    let grown = reaped - (reapedTicks ?? reaped);
    const isFirst = reapedTicks === null;
    reapedTicks = reaped;
    for (const [key, { ticks }] of now) grown += ticks - (before.get(key)?.ticks ?? 0);
    const pids = new Set([process.pid, ...[...before.values()].map(({ member }) => member.pid)]);
    for (const [key, { member, ticks }] of before) if (!now.has(key) && pids.has(member.parent)) grown -= ticks;
    before = now;
    if (!isFirst) {
      totalTicks += Math.max(0, grown + owedTicks);
      owedTicks = Math.min(0, grown);
    }
    return (totalTicks / ticksPerSecond) * 1_000;
  };
}
