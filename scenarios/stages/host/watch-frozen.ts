import { setTimeout as pauseFor } from "node:timers/promises";

import type { StepOf } from "../../steps/step.ts";
import { agentStatus } from "./await-busy.ts";
import type { HostStage } from "./host-stage.ts";
import { cpuUse, witnessSandboxes } from "./witness.ts";

/** Watches the processes of a paused agent for a while; the time is what is observed, not waited out. */
export async function watchFrozen(stage: HostStage, step: StepOf<"watch-frozen">): Promise<string> {
  const { history, signal, id } = stage.options;
  const { sandboxes } = await agentStatus(stage, step.agent);
  const witness = witnessSandboxes(sandboxes, id);
  try {
    const processes = witness.processes();
    const before = cpuUse(processes);
    const beganAt = performance.now();
    await pauseFor(step.forMs, undefined, { signal });
    const after = cpuUse(witness.processes());
    const cpuUsedUs = Math.max(0, after.usedUs - before.usedUs);
    const running = witness.allStopped() ? 0 : Math.max(1, after.running);
    history.record("witness.frozen", {
      processes: processes.length,
      running,
      cpuUsedUs,
      forMs: performance.now() - beganAt,
    });
    return `${processes.length} processes used ${cpuUsedUs.toFixed(0)} µs of CPU`;
  } finally {
    witness.close();
  }
}
