import { readFileSync } from "node:fs";

/** What all processors together have done since the host started, in clock ticks (proc_stat(5)). */
export interface ProcessorTicks {
  /** At work for programs and the kernel; not for other hosts on the same machine (steal). */
  readonly busy: number;
  readonly total: number;
}

/** USER_HZ (time(7)). */
const msPerTick = 10;

/** @throws Error where there is no /proc/stat */
export function readProcessors(): ProcessorTicks {
  const line = /^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1] ?? "";
  // Guests are counted among user and nice already.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(" ")
    .map(Number);
  const busy = user + nice + system + irq + softirq;
  return { busy, total: busy + idle + iowait + steal };
}

/**
 * The share of all processors that others took between two readings, from 0 to 1: whatever was busy, less our own time.
 *
 * @param ownMs CPU time of the agent and its jobs in between, in milliseconds
 */
export function shareOfOthers(
  { before, after }: { readonly before: ProcessorTicks; readonly after: ProcessorTicks },
  ownMs: number,
): number {
  const total = after.total - before.total;
  if (total <= 0) return 0;
  return Math.min(1, Math.max(0, (after.busy - before.busy - ownMs / msPerTick) / total));
}
