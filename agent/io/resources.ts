import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";

import type { Resources } from "../../protocol/messages.ts";
import type * as z from "zod";

/** What this host can give at this moment. */
export function hostResources(): z.infer<typeof Resources> {
  return {
    cpus: Math.max(1, cpus().length),
    loadAverage: Math.max(0, loadavg()[0] ?? 0),
    memoryBytesTotal: totalmem(),
    memoryBytesFree: freemem(),
  };
}

/** One slot per processor, but for one that stays the donor's. */
export function defaultSlots(): number {
  return Math.max(1, availableParallelism() - 1);
}
