import { settledWithinMs } from "../../steps/kinds/await-settled.ts";
import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Waits until every job of a batch is completed, failed or cancelled. */
export async function awaitSettled(stage: SimStage, step: StepOf<"await-settled">): Promise<string> {
  const batch = stage.batch(step.batch);
  const open = new Set(batch.keys());
  const isSettled = () => {
    // While the broker is down nobody knows of any.
    const { state } = stage.simulation.broker;
    if (state === null) return false;
    for (const jobId of open) {
      // Each is looked at until it has ended, and the first that has not makes the others wait.
      if ((state.jobs.get(jobId)?.completedAt ?? null) === null) return false;
      open.delete(jobId);
    }
    return true;
  };
  await stage.until(`the end of ${batch.size} jobs`, isSettled, settledWithinMs(step, batch.size));
  const { state } = stage.simulation.broker;
  const completed = [...batch.keys()].filter((jobId) => state?.jobs.get(jobId)?.state === "completed").length;
  return `${completed} of ${batch.size} jobs completed`;
}
