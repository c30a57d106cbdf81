import { expectedResult } from "../../jobs/work-job.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

/** Holds the result of every completed job of a batch against the harness's own computation of it. */
export async function verifyResults(stage: HostStage, step: StepOf<"verify-results">): Promise<string> {
  const batch = stage.batch(step.batch);
  const jobs = await stage.running.operator.jobs();
  let correct = 0;
  for (const job of jobs) {
    const units = batch.get(job.jobId);
    if (units === undefined || job.state !== "completed") continue;
    const right = job.result === expectedResult(job.jobId, units);
    if (right) correct += 1;
    const detail = right ? "as computed" : `got ${JSON.stringify(job.result)?.slice(0, 100)}`;
    stage.options.history.record("witness.result", { jobId: job.jobId, correct: right, detail });
  }
  return `${correct} results are right`;
}
