import { heldJobs } from "../../steps/held-jobs.ts";
import { StepError } from "../../steps/step-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Has the operator cancel jobs that an agent works on. */
export function cancel(stage: SimStage, step: StepOf<"cancel">): string {
  const { agentId } = stage.agent(step.agent).host;
  const jobIds = heldJobs(stage.records, { batch: stage.batch(step.batch), agentId, step });
  for (const jobId of jobIds) {
    const response = stage.simulation.broker.ask({ type: "cancel", jobId });
    if (response?.ok === true) continue;
    throw new StepError(`The broker does not cancel ${jobId}: ${response?.code ?? "it is down"}.`, {
      code: "refused",
      next: "The last events in the run directory's history.jsonl show why.",
    });
  }
  return jobIds.join(", ");
}
