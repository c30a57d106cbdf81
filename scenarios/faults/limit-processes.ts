import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { assert } from "../../foundation/assert.ts";
import { isAlive } from "../stages/host/proc.ts";
import type { FaultKind } from "./fault.ts";
import { controlledBy, figure, limitInCgroup } from "./fault-cgroup.ts";

/**
 * Whoever forks, or starts a thread, fails with EAGAIN once the spare ones are taken. What runs goes on. Root is held too,
 * which RLIMIT_NPROC would not do.
 */
export const limitProcesses: FaultKind<"limit-processes"> = {
  kind: "limit-processes",
  does: "lets the broker or an agent, with all that it starts from now on, have only so many processes and threads more",
  proves: "the kernel counts the forks that it refused (pids.events)",
  needs: "the cgroup controller pids, of version 1 or 2",
  onSim: true,
  holds: () => (controlledBy("pids")?.version === 2 ? "the cgroup" : "the number of processes"),
  async apply(context, spec) {
    const { target, processes } = context.processes(spec);
    const pids = processes.filter(isAlive).map(({ pid }) => pid);
    const hierarchy = controlledBy("pids");
    assert(hierarchy !== undefined, "a fault that is missing is not applied");
    // Threads count, and their number is known only inside: moving in is never refused (pids.rst).
    const limits = { 1: {}, 2: {} };
    const path = limitInCgroup(context, hierarchy, { controller: "pids", pids, limits });
    const current = Number(readFileSync(join(path, "pids.current"), "utf8"));
    writeFileSync(join(path, "pids.max"), String(current + spec.spare));
    const refusedBefore = figure(path, "pids.events", "max");
    return {
      fault: "limit-processes",
      target,
      detail: `${current} processes and threads, and ${spec.spare} more`,
      async proveEffect() {
        const refused = figure(path, "pids.events", "max") - refusedBefore;
        return { seen: refused > 0, lookedFor: "forks that the kernel refused", found: `${refused} were refused` };
      },
    };
  },
};
