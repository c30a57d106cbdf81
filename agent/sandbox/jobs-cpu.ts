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
 * process, so it counts there and no more with itself; what else this process waited for counts too, being its own. What nobody of those waited for is not counted beyond the last
 * look: the kernel keeps no account of it.
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
  let firstMs: number | null = null;
  let lastMs = 0;
  return () => {
    const byCgroup = cgroups?.cpuMs() ?? null;
    if (byCgroup !== null) {
      firstMs ??= byCgroup;
      lastMs = Math.max(lastMs, byCgroup - firstMs);
    }
    if (cgroups !== null) return lastMs;
    const now = new Map<string, Seen>();
    for (const member of scan()) now.set(keyOf(member), { member, ticks: member.cpuTicks + member.reapedTicks });
    const reaped = readProcess(process.pid)?.reapedTicks ?? 0;
    let grown = reaped - (reapedTicks ?? reaped);
    const isFirst = reapedTicks === null;
    reapedTicks = reaped;
    for (const [key, { ticks }] of now) grown += ticks - (before.get(key)?.ticks ?? 0);
    const pids = new Set([process.pid, ...[...before.values()].map(({ member }) => member.pid)]);
    for (const [key, { member, ticks }] of before) if (!now.has(key) && pids.has(member.parent)) grown -= ticks;
    before = now;
    if (!isFirst) totalTicks += Math.max(0, grown);
    return (totalTicks / ticksPerSecond) * 1_000;
  };
}
