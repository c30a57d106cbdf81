import { bubblewrapEnclosure, type BubblewrapOptions } from "./bubblewrap-enclosure.ts";
import { type JobDriverOptions, jobDriver } from "./job-driver.ts";
import type { SandboxDriver } from "./port.ts";

/** Runs each job in namespaces of its own; nothing of it can outlive the agent. */
export function bubblewrapDriver(options: JobDriverOptions & BubblewrapOptions): SandboxDriver {
  return jobDriver({ ...options, enclosure: bubblewrapEnclosure(options) });
}
