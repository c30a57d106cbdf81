import { workJob } from "../../jobs/work-job.ts";
import { drawUnits, submittedWords } from "../../steps/draw-units.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { outsideEnvironment } from "./outside.ts";

/** Submits real jobs; a batch may grow by several steps. */
export async function submit(stage: HostStage, step: StepOf<"submit">): Promise<string> {
  const batch = stage.batches.get(step.batch) ?? new Map<string, number>();
  stage.batches.set(step.batch, batch);
  const units = drawUnits(stage.options.random, step, batch.size);
  const { unitCpuMs, children, behaviour } = step;
  const misbehaving =
    behaviour === undefined ? undefined : { behaviour, environment: await outsideEnvironment(stage, behaviour) };
  const jobIds = await stage.running.operator.submit(
    units.map((count) => workJob({ units: count, unitCpuMs, children }, step.batch, misbehaving)),
  );
  jobIds.forEach((jobId, index) => batch.set(jobId, units[index] ?? step.units));
  return submittedWords(units, step);
}
