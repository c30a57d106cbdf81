import { type JobDriverOptions, jobDriver } from "./job-driver.ts";
import { openEnclosure } from "./open-enclosure.ts";
import type { SandboxDriver } from "./port.ts";

/** Runs jobs as ordinary processes; works everywhere. */
export function processDriver(options: JobDriverOptions): SandboxDriver {
  return jobDriver({ ...options, enclosure: openEnclosure() });
}
