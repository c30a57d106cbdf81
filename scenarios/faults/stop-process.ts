import { setTimeout as pauseFor } from "node:timers/promises";

import { cpuTimeNs, isAlive, isStopped } from "../stages/host/proc.ts";
import type { FaultKind } from "./fault.ts";
import { FaultError } from "./fault-error.ts";
import { comesTrue } from "./process-ends.ts";

const names = { agent: "stall-agent", broker: "stall-broker", store: "stall-store", jobs: "stop-jobs" } as const;
/** CPU time is compared over so long at the least, in milliseconds: some ticks of the scheduler. */
const watchMs = 20;

/**
 * SIGSTOP, and SIGCONT when it is healed. Work in flight waits: sockets fill up, timers come late and all at once, and
 * the jobs of an agent that stands still run on.
 */
export const stopProcess: FaultKind<"stop-process"> = {
  kind: "stop-process",
  does: "stops (SIGSTOP) the broker, its Redis, an agent or an agent's jobs; healing lets them go on (SIGCONT)",
  proves: "no thread runs, and no CPU time is used while it stands still",
  needs: "nothing",
  onSim: true,
  async apply({ processes, writeAhead, cast }, spec) {
    const { target, role, processes: all } = processes(spec);
    const hit = all.filter(isAlive);
    // Whoever stands still for another reason would go on when this one is healed.
    if (hit.length > 0 && hit.every(({ pid }) => isStopped(pid))) throw standsStillAlready(spec.process);
    const releases: (() => void)[] = [];
    for (const { pid, startTime, name } of hit) {
      writeAhead({ undo: "continue-process", pid, startTime, name });
      process.kill(pid, "SIGSTOP");
      releases.push(cast.standsStill(pid));
    }
    const isStill = await comesTrue(() => hit.every(({ pid }) => isStopped(pid)));
    const usedNs = (): number => hit.reduce((sum, { pid }) => sum + cpuTimeNs(pid), 0);
    const beganAt = performance.now();
    const usedBeforeNs = usedNs();
    return {
      fault: names[role],
      target,
      detail: hit.length === 0 ? "there is no process to stop" : `pid ${hit.map(({ pid }) => pid).join(", ")}`,
      async proveEffect() {
        // Of one that was killed meanwhile nothing can be read any more.
        if (!hit.every(isAlive)) return undefined;
        await pauseFor(watchMs);
        const usedUs = (usedNs() - usedBeforeNs) / 1_000;
        const stopped = hit.filter(({ pid }) => isStopped(pid)).length;
        const forMs = performance.now() - beganAt;
        return {
          seen: hit.length > 0 && isStill && stopped === hit.length && usedUs === 0,
          lookedFor: "processes that are stopped and use no CPU time",
          found: `${stopped} of ${hit.length} processes are stopped, and used ${usedUs.toFixed(0)} µs of CPU in ${forMs.toFixed(0)} ms`,
        };
      },
      async undo() {
        for (const release of releases) release();
      },
    };
  },
};

function standsStillAlready(name: string): FaultError {
  return new FaultError(`"${name}" stands still already.`, {
    code: "fault-in-force",
    next: "Heal what stops it first.",
  });
}
