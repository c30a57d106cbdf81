import { WorkResult } from "../../jobs/work-job.ts";
import type { StepOf } from "../../steps/step.ts";
import { checkTimesKept } from "../../steps/times-kept.ts";
import type { SimStage } from "./sim-stage.ts";

/**
 * Holds the result of every completed job of a batch against what it must be: this job, and as many units as were
 * submitted. The world has witnessed each result as it came (`witness.result`); one that is wrong, or that nobody saw
 * come, is told here.
 */
export function verifyResults(stage: SimStage, step: StepOf<"verify-results">): string {
  checkTimesKept(stage.records, [...(stage.simulation.broker.state?.jobs.values() ?? [])]);
  let correct = 0;
  for (const [jobId, units] of stage.batch(step.batch)) {
    const job = stage.simulation.broker.state?.jobs.get(jobId);
    if (job?.state !== "completed") continue;
    const result = readResult(job.result);
    const isCorrect = result?.chain === `${jobId}:${units}`;
    if (isCorrect) correct += 1;
    // A broker that was killed had written what it then could tell nobody of.
    if (isCorrect && isWitnessed(stage, jobId)) continue;
    stage.record("witness.result", {
      jobId,
      correct: isCorrect,
      startedFrom: result?.startedFrom ?? null,
      detail: isCorrect ? "as computed" : `got ${JSON.stringify(job.result).slice(0, 100)}`,
    });
  }
  return `${correct} results are right`;
}

function isWitnessed({ records }: SimStage, jobId: string): boolean {
  return records.some(({ type, data }) => type === "witness.result" && data.jobId === jobId);
}

function readResult(text: string | null): WorkResult | undefined {
  try {
    return WorkResult.parse(JSON.parse(text ?? ""));
  } catch {
    // Not what a job writes: the result is wrong, whatever it is.
    return undefined;
  }
}
