import { setTimeout as pauseFor } from "node:timers/promises";

import { isAlive } from "../stages/host/proc.ts";

/** How long the kernel may take to end what was killed, or to stop what was stopped, in milliseconds. */
const kernelMsMax = 5_000;
/** /proc gives no event for either. In milliseconds. */
const lookEveryMs = 2;

/** Looks until all are gone. @returns whether they are, within a bound */
export async function endsWithin(all: readonly { pid: number; startTime: string }[]): Promise<boolean> {
  return await comesTrue(() => !all.some(isAlive));
}

/** Looks until the condition holds, for as long as the kernel may take. @returns whether it does */
export async function comesTrue(condition: () => boolean): Promise<boolean> {
  return await comesTrueWithin(kernelMsMax, async () => condition());
}

/** As `comesTrue`, of what takes longer to look at or to come. */
export async function comesTrueWithin(ms: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await pauseFor(lookEveryMs);
  }
  return true;
}
