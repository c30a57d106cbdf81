import type { JobView } from "../../../protocol/messages.ts";
import { expectedChain, WorkResult } from "../../jobs/work-job.ts";
import type { StepOf } from "../../steps/step.ts";
import { checkTimesKept } from "../../steps/times-kept.ts";
import type { HostStage } from "./host-stage.ts";

/** Holds the result of every completed job of a batch against the harness's own computation of it. */
export async function verifyResults(stage: HostStage, step: StepOf<"verify-results">): Promise<string> {
  const batch = stage.batch(step.batch);
  const jobs = await stage.running.operator.jobs();
  checkTimesKept(stage.options.history.records, jobs);
  let correct = 0;
  for (const job of jobs) {
    const units = batch.get(job.jobId);
    if (units === undefined || job.state !== "completed") continue;
    const result = readResult(job);
    const right = result?.chain === expectedChain(job.jobId, units);
    if (right) correct += 1;
    stage.options.history.record("witness.result", {
      jobId: job.jobId,
      correct: right,
      startedFrom: result?.startedFrom ?? null,
      detail: right ? "as computed" : `got ${JSON.stringify(job.result)?.slice(0, 100)}`,
    });
  }
  return `${correct} results are right`;
}

function readResult({ result }: JobView): WorkResult | undefined {
  try {
    return WorkResult.parse(JSON.parse(result ?? ""));
  } catch {
    // Not what the job writes: the result is wrong, whatever it is.
    return undefined;
  }
}
