import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../../foundation/clock.ts";
import { limits } from "../../../foundation/limits.ts";
import { type HostProcess, listProcesses } from "./host-processes.ts";

/** How often it is looked whether the kernel has ended what was killed, in milliseconds. */
const lookIntervalMs = 10;

/**
 * Kills processes and whatever they fork meanwhile: all are stopped first, until a look finds none that runs, so that
 * none can fork away from the killing.
 *
 * @param find all of them that are there now
 * @param withinMs how long the end is waited for: a process that sleeps in the kernel takes as long as that does
 * @returns the pids of those that are still there then
 */
export async function endFamily(find: () => HostProcess[], withinMs: number): Promise<number[]> {
  const untilMs = systemClock.monotonicMs() + withinMs;
  /** A process that is dying says no more whose it is, and is there until the kernel is done with it. */
  const killed = new Map<number, HostProcess>();
  for (;;) {
    for (let round = 0; round < limits.fixedPointRoundsMax; round += 1) {
      const running = find().filter(({ isStopped }) => !isStopped);
      if (running.length === 0) break;
      for (const { pid } of running) signal(pid, "SIGSTOP");
    }
    for (const one of find()) {
      killed.set(one.pid, one);
      signal(one.pid, "SIGKILL");
    }
    const left = listProcesses().filter(({ pid, startTicks }) => killed.get(pid)?.startTicks === startTicks);
    if (left.length === 0 && find().length === 0) return [];
    if (systemClock.monotonicMs() >= untilMs) return left.map(({ pid }) => pid);
    await sleep(lookIntervalMs);
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}
