import { describe, expect, test } from "vitest";

import { readProcess } from "../sandbox/proc-stat.ts";
import { processDriver } from "../sandbox/process-driver.ts";
import { DriverBed, processesOf, until } from "../sandbox/testing/driver-bed.ts";
import { readProcessors } from "./host-load.ts";

/** Burns in processes of its own that end and are waited for, as a build does, and in one that goes on. */
const build = `ulimit -t 60
  (while :; do :; done) &
  while :; do sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done'; done`;

describe.each([
  { how: "by cgroup, where this user may make one", options: {} },
  { how: "by process", options: { cgroupRoot: null } },
])("the load of our own jobs, counted $how", ({ options }) => {
  test("is all of what they use and nothing else, so that the rest is others' (case 37)", async () => {
    const bed = new DriverBed((given) => processDriver({ ...given, ...options }));
    try {
      expect(bed.driver.cpuMs()).toBe(0);
      const before = readProcessors();
      await bed.start(build);
      await until(() => {
        // As often as the trigger would, and more.
        bed.driver.cpuMs();
        return usedMs(bed.agentId) > 1_500;
      }, "the jobs have worked");
      const leastMs = usedMs(bed.agentId);
      const countedMs = bed.driver.cpuMs();
      const mostMs = usedMs(bed.agentId);
      const busyMs = 10 * (readProcessors().busy - before.busy);
      expect(countedMs).toBeGreaterThan(0.9 * leastMs);
      // The kernel counts by ticks in the one place and exactly in the other.
      expect(countedMs).toBeLessThan(1.1 * mostMs + 100);
      expect(countedMs).toBeLessThan(1.1 * busyMs + 100);

      await bed.freeze();
      const still = bed.driver.cpuMs();
      const frozen = readProcessors();
      await until(() => readProcessors().total - frozen.total > 50, "time passes");
      expect(bed.driver.cpuMs() - still).toBeLessThan(50);
    } finally {
      await bed.close();
    }
  });
});

/** What all live processes of an agent's jobs have used, and those that they waited for: all there were, of this job. */
function usedMs(agentId: string): number {
  const ticks = processesOf(agentId).map((pid) => readProcess(pid));
  return 10 * ticks.reduce((sum, stat) => sum + (stat?.cpuTicks ?? 0) + (stat?.reapedTicks ?? 0), 0);
}
