import type { Random } from "../../foundation/random.ts";
import type { StepOf } from "./step.ts";

/** A job's size is drawn from this share around the step's figure, so that jobs do not march in step. */
const unitsSpread = 0.25;

/**
 * The units of work of each job of a submission, the same on every stage.
 *
 * @param already how many jobs of the batch earlier steps submitted
 */
export function drawUnits(
  random: Random,
  { batch, jobs, units }: Pick<StepOf<"submit">, "batch" | "jobs" | "units">,
  already: number,
): number[] {
  const stream = random.stream(`${batch}/${already}`);
  const spread = Math.floor(units * unitsSpread);
  return Array.from({ length: jobs }, () => stream.integer({ min: Math.max(1, units - spread), max: units + spread }));
}

/** What a submission was, for the report. */
export function submittedWords(units: readonly number[], { unitCpuMs }: Pick<StepOf<"submit">, "unitCpuMs">): string {
  return `${units.length} jobs of ${Math.min(...units)} to ${Math.max(...units)} × ${unitCpuMs} ms`;
}
