import { heldJobs } from "../../steps/held-jobs.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

/** Has the operator cancel jobs that an agent works on. */
export async function cancel(stage: HostStage, step: StepOf<"cancel">): Promise<string> {
  const { agentId } = stage.agent(step.agent);
  const batch = stage.batch(step.batch);
  const jobIds = heldJobs(stage.options.history.records, { batch, agentId, step });
  for (const jobId of jobIds) await stage.running.operator.cancel(jobId);
  return jobIds.join(", ");
}
