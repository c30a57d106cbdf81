import { modelled } from "../../jobs/behaviours.ts";
import { JobBehaviour } from "../../simulator/plan/plan.ts";
import { simulatedJob } from "../../simulator/world/job-behaviours.ts";
import { drawUnits, submittedWords } from "../../steps/draw-units.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import type { SimStage } from "./sim-stage.ts";

/** Submits modelled jobs that are as long as the real ones would be; a batch may grow by several steps. */
export function submit(stage: SimStage, step: StepOf<"submit">): string {
  const batch = stage.batches.get(step.batch) ?? new Map<string, number>();
  stage.batches.set(step.batch, batch);
  const units = drawUnits(stage.options.random, step, batch.size);
  const { unitCpuMs: unitMs, children } = step;
  const misbehaves = step.behaviour === undefined ? {} : modelled[step.behaviour];
  const jobs = units.map((count) =>
    simulatedJob(JobBehaviour.parse({ units: count, unitMs, children, ...misbehaves })),
  );
  const jobIds = stage.simulation.broker.submit(jobs);
  if (jobIds.length < jobs.length) {
    throw new StepError(`The broker took ${jobIds.length} of ${jobs.length} jobs.`, {
      code: "not-taken",
      next: "Submit fewer, or start the broker first.",
    });
  }
  jobIds.forEach((jobId, index) => batch.set(jobId, units[index] ?? step.units));
  return submittedWords(units, step);
}
