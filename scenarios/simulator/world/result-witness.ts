import type { JobRecord } from "../../../broker-sim/core/records.ts";
import { behaviourOf, chainOf } from "./job-behaviours.ts";
import type { World } from "./world.ts";

/** Compares what was handed in as a job's result with what the job really does, and records it. */
export function witnessResult(world: World, job: JobRecord): void {
  const { chain, startedFrom } = JSON.parse(job.result ?? "{}") as { chain?: string; startedFrom?: number };
  const correct = chain === chainOf(job.jobId, behaviourOf(job.job));
  world.record(world.harness, "witness.result", {
    jobId: job.jobId,
    correct,
    startedFrom: startedFrom ?? null,
    detail: correct ? "as computed" : `the result is ${job.result ?? "missing"}`,
  });
}
