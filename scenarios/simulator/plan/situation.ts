import { JobBehaviour, type PlanOptions, type PlanStep } from "./plan.ts";

/** Something that takes several steps in their order: whom it befalls, in which plan, and from when on. */
export interface Situation {
  readonly options: PlanOptions;
  readonly agent: number;
  /** When it begins; everything else is told from there. */
  readonly atMs: number;
}

interface Work extends Partial<JobBehaviour> {
  /** How long each job lasts, in milliseconds. */
  readonly lastsMs: number;
  readonly units: number;
  readonly jobs?: number;
}

/** Work that lasts for so long: unless it is said how many jobs, enough for everybody. */
export function work(
  { options, atMs }: Situation,
  { lastsMs, units, jobs = options.agents * options.slots, ...behaviour }: Work,
): PlanStep {
  const one = JobBehaviour.parse({ units, unitMs: Math.ceil(lastsMs / units), ...behaviour });
  return { atMs, do: "submit", jobs, behaviour: one };
}
