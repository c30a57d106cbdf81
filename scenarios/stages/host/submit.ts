import { workJob } from "../../jobs/work-job.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

/** A job's size is drawn from this share around the step's figure, so that jobs do not march in step. */
const unitsSpread = 0.25;

/** Submits real jobs; a batch may grow by several steps. */
export async function submit(stage: HostStage, step: StepOf<"submit">): Promise<string> {
  const batch = stage.batches.get(step.batch) ?? new Map<string, number>();
  stage.batches.set(step.batch, batch);
  const random = stage.options.random.stream(`${step.batch}/${batch.size}`);
  const spread = Math.floor(step.units * unitsSpread);
  const units = Array.from({ length: step.jobs }, () =>
    random.integer({ min: Math.max(1, step.units - spread), max: step.units + spread }),
  );
  const jobIds = await stage.running.operator.submit(
    units.map((count) => workJob({ units: count, unitCpuMs: step.unitCpuMs, children: step.children }, step.batch)),
  );
  jobIds.forEach((jobId, index) => batch.set(jobId, units[index] ?? step.units));
  return `${jobIds.length} jobs of ${Math.min(...units)} to ${Math.max(...units)} × ${step.unitCpuMs} ms`;
}
