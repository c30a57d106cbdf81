import { isAlive } from "../stages/host/proc.ts";
import type { FaultKind } from "./fault.ts";
import { endsWithin } from "./process-ends.ts";

const names = { agent: "kill-agent", broker: "kill-broker", store: "stall-store", jobs: "kill-jobs" } as const;

/**
 * kill -9. Work in flight is lost: calls are cut off, and what was not written is gone. An agent's jobs outlive it until
 * it comes back. Nothing is to be undone on the host; healing starts the process again.
 */
export const killProcess: FaultKind<"kill-process"> = {
  kind: "kill-process",
  does: "kills (SIGKILL) the broker, its Redis, an agent or an agent's jobs; healing starts them again, but for jobs",
  proves: "every process that was hit is gone",
  needs: "nothing",
  onSim: true,
  async apply({ processes, cast }, spec) {
    const { target, role, processes: hit } = processes(spec);
    if (role !== "jobs") cast.ending(spec.process);
    for (const one of hit.filter(isAlive)) process.kill(one.pid, "SIGKILL");
    const gone = await endsWithin(hit);
    if (role !== "jobs" && gone) await cast.exited(spec.process);
    let proved = false;
    return {
      fault: names[role],
      target,
      detail: hit.length === 0 ? "there is no process to kill" : `pid ${hit.map(({ pid }) => pid).join(", ")}`,
      async proveEffect() {
        // Later another may bear its pid.
        if (proved) return undefined;
        proved = true;
        const left = hit.filter(isAlive).length;
        return {
          seen: hit.length > 0 && left === 0,
          lookedFor: "the end of every process that was killed",
          found: `${hit.length - left} of ${hit.length} processes are gone`,
        };
      },
      ...(role === "jobs" ? {} : { comeBack: () => cast.startAgain(spec.process) }),
    };
  },
};
