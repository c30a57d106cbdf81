import { assert, present } from "../../../foundation/assert.ts";
import type { Choice } from "../kernel/choices.ts";
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
  const steps = order.flatMap(({ step, index }): PlanStep[] => {
    if (step.do !== "cancel") return [step];
    const job = jobNow(step.job, index);
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
  const tape =
    plan.tape === "seeded"
      ? plan.tape
      : plan.tape.flatMap((choice) => choiceFor(choice, { numberNow, agents: plan.options.agents }));
  return { ...withSteps(plan, edits), tape, options: { ...plan.options, agents: kept.length } };
}

/** The streams of one agent end in its number, `host:3`; numbers beyond the cast are of those who join later. */
function choiceFor(
  choice: Choice,
  { numberNow, agents }: { numberNow: ReadonlyMap<number, number>; agents: number },
): Choice[] {
  const [, name, digits] = /^(.*:)(\d+)$/.exec(choice.stream) ?? [];
  if (digits === undefined) return [choice];
  const number = Number(digits);
  const agent = number < agents ? numberNow.get(number) : number - agents + numberNow.size;
  return agent === undefined ? [] : [{ ...choice, stream: `${name}${agent}` }];
}

/**
 * The number that the job of a `cancel` has after the edit, or null when its submission is gone. Numbers go round: a
 * `cancel` takes its number modulo the jobs submitted before it.
 */
function renumberJobs(
  before: readonly PlanStep[],
  after: readonly { readonly step: PlanStep; readonly index: number }[],
): (job: number, cancelIndex: number) => number | null {
  const ranges: { index: number; first: number; jobs: number }[] = [];
  let submitted = 0;
  for (const [index, step] of before.entries()) {
    if (step.do !== "submit") continue;
    ranges.push({ index, first: submitted, jobs: step.jobs });
    submitted += step.jobs;
  }
  const firstNow = new Map<number, { first: number; jobs: number }>();
  let kept = 0;
  for (const { step, index } of after) {
    if (step.do !== "submit") continue;
    firstNow.set(index, { first: kept, jobs: step.jobs });
    kept += step.jobs;
  }
  return (number, cancelIndex) => {
    const earlier = ranges.filter(({ index }) => index < cancelIndex);
    const last = earlier.at(-1);
    // It names no job, and goes on naming none.
    if (last === undefined) return number;
    const job = number % (last.first + last.jobs);
    const range = present(
      earlier.find(({ first, jobs }) => job < first + jobs),
      "a job was submitted by a step",
    );
    const now = firstNow.get(range.index);
    return now === undefined ? null : now.first + Math.min(job - range.first, now.jobs - 1);
  };
}
