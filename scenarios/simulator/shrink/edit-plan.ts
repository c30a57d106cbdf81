import { assert } from "../../../foundation/assert.ts";
import type { Plan, PlanStep } from "../plan/plan.ts";

/**
 * A plan in which each step is replaced by the one at the same place of `edits`, or left out where that is null. Jobs
 * are counted in the order in which they are submitted, so every `cancel` is made to name the same job as before; it
 * goes if its job does.
 */
export function withSteps(plan: Plan, edits: readonly (PlanStep | null)[]): Plan {
  assert(edits.length === plan.steps.length, "every step is kept, replaced or left out");
  const order = edits
    .map((step, index) => ({ step, index }))
    .filter((edit): edit is { step: PlanStep; index: number } => edit.step !== null)
    // Sorting is stable: steps of one moment stay in their order.
    .sort((left, right) => left.step.atMs - right.step.atMs);
  const jobNow = renumberJobs(plan.steps, order);
  const steps = order.flatMap(({ step }): PlanStep[] => {
    if (step.do !== "cancel") return [step];
    const job = jobNow(step.job);
    return job === null ? [] : [{ ...step, job }];
  });
  return { ...plan, steps };
}

/** A plan with those agents only, numbered anew; steps of the others are left out. */
export function withAgents(plan: Plan, kept: readonly number[]): Plan {
  assert(kept.length > 0, "an agent is left");
  const numberNow = new Map(kept.map((agent, index) => [agent, index]));
  const edits = plan.steps.map((step): PlanStep | null => {
    if (!("agent" in step) || step.agent === null) return step;
    const agent = numberNow.get(step.agent);
    return agent === undefined ? null : { ...step, agent };
  });
  return { ...withSteps(plan, edits), options: { ...plan.options, agents: kept.length } };
}

/** The number that a job has after the edit, or null when its submission is gone. */
function renumberJobs(
  before: readonly PlanStep[],
  after: readonly { readonly step: PlanStep; readonly index: number }[],
): (job: number) => number | null {
  const ranges: { index: number; first: number; jobs: number }[] = [];
  let submitted = 0;
  for (const [index, step] of before.entries()) {
    if (step.do !== "submit") continue;
    ranges.push({ index, first: submitted, jobs: step.jobs });
    submitted += step.jobs;
  }
  const now = new Map<number, { first: number; jobs: number }>();
  let kept = 0;
  for (const { step, index } of after) {
    if (step.do !== "submit") continue;
    now.set(index, { first: kept, jobs: step.jobs });
    kept += step.jobs;
  }
  return (job) => {
    const range = ranges.find(({ first, jobs }) => job >= first && job < first + jobs);
    // It named no job before, and names none now.
    if (range === undefined) return kept + (job - submitted);
    const place = now.get(range.index);
    return place === undefined ? null : place.first + Math.min(job - range.first, place.jobs - 1);
  };
}
