import type { SimStage } from "./sim-stage.ts";

/** Writes down what the broker shows of every job when the steps are over; nothing of one that is down. */
export function lookAtJobs(stage: SimStage): void {
  const shown = stage.simulation.broker.shown();
  if (shown === null) return;
  const jobs = shown.jobs.map(({ jobId, state, epoch, agentId, leaseId, submittedAt }) => {
    return { jobId, state, epoch, agentId, leaseId, submittedAt };
  });
  stage.record("witness.jobs", { jobs });
}
