import { setTimeout as pauseFor } from "node:timers/promises";

import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { activity, cpuTimes } from "./witness.ts";

/** Watches the processes of a paused agent for a while; the time is what is observed, not waited out. */
export async function watchFrozen(stage: HostStage, step: StepOf<"watch-frozen">): Promise<string> {
  const { history, signal } = stage.options;
  const witness = stage.witness(step.agent);
  try {
    const before = cpuTimes(witness.processes());
    const beganAt = performance.now();
    await pauseFor(step.forMs, undefined, { signal });
    const { cpuUsedUs, running } = activity(before, witness);
    history.record("witness.frozen", {
      processes: before.size,
      running,
      cpuUsedUs,
      forMs: performance.now() - beganAt,
    });
    return `${before.size} processes used ${cpuUsedUs.toFixed(0)} µs of CPU`;
  } finally {
    witness.close();
  }
}
