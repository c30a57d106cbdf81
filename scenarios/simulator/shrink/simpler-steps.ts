import { JobBehaviour, type PlanStep } from "../plan/plan.ts";
import { withSteps } from "./edit-plan.ts";
import type { ShrinkSearch } from "./shrink-search.ts";
import { smallerNumbers } from "./smaller-numbers.ts";

const goodJob: JobBehaviour = JobBehaviour.parse({});
const fieldsOfBehaviour = Object.keys(goodJob) as (keyof JobBehaviour)[];

/** Makes each step say less: fewer jobs, better ones, shorter troubles of the plainest kind. */
export function simplerSteps(search: ShrinkSearch): void {
  const { plan } = search;
  search.tries(
    withSteps(
      plan,
      plan.steps.map((step) => (step.do === "submit" ? { ...step, jobs: 1, behaviour: goodJob } : step)),
    ),
  );
  for (let index = 0; index < search.plan.steps.length && !search.exhausted; index += 1) {
    while (simplifiesOne(search, index)) {
      // One simpler form at a time, until there is none.
    }
  }
}

function simplifiesOne(search: ShrinkSearch, index: number): boolean {
  const { plan } = search;
  const step = plan.steps[index];
  if (step === undefined) return false;
  for (const simpler of simplerForms(step)) {
    const edits = plan.steps.map((other, place) => (place === index ? simpler : other));
    if (search.tries(withSteps(plan, edits))) return true;
  }
  return false;
}

/** `deadlineMs` stays as it is: it is what a withdrawal is judged by. */
function* simplerForms(step: PlanStep): Generator<PlanStep> {
  if (step.do === "submit") {
    for (const jobs of smallerNumbers(step.jobs, { min: 1 })) yield { ...step, jobs };
    const { priority, ...usual } = step;
    if (priority !== undefined) yield usual;
    for (const behaviour of simplerBehaviours(step.behaviour)) yield { ...step, behaviour };
  }
  if ("edge" in step && step.edge !== "after") yield { ...step, edge: "after" };
  if ("afterEffects" in step) {
    for (const afterEffects of smallerNumbers(step.afterEffects, { min: 0 })) yield { ...step, afterEffects };
  }
  if (step.do === "disturb-link") {
    if (step.direction !== "both") yield { ...step, direction: "both" };
    if (step.how !== "cut") yield { ...step, how: "cut" };
  }
  if (step.do === "signal" && step.name !== "SIGTERM") yield { ...step, name: "SIGTERM" };
  if (step.do === "lose-store" && step.writes !== null) {
    for (const writes of smallerNumbers(step.writes, { min: 1 })) yield { ...step, writes };
  }
  if (step.do === "jump-clock") {
    const sign = Math.sign(step.byMs);
    for (const ms of smallerNumbers(Math.abs(step.byMs), { min: 1 })) yield { ...step, byMs: sign * ms };
  }
  if ("forMs" in step) for (const forMs of smallerNumbers(step.forMs, { min: 0 })) yield { ...step, forMs };
  if ("downMs" in step) for (const downMs of smallerNumbers(step.downMs, { min: 0 })) yield { ...step, downMs };
}

/** Back to the good job at once, then field by field; a number that is smaller than the default's stays. */
function* simplerBehaviours(behaviour: JobBehaviour): Generator<JobBehaviour> {
  const differs = fieldsOfBehaviour.filter((field) => behaviour[field] !== goodJob[field] && isWorse(behaviour, field));
  if (differs.length > 1)
    yield Object.assign({ ...behaviour }, ...differs.map((field) => ({ [field]: goodJob[field] })));
  for (const field of differs) yield { ...behaviour, [field]: goodJob[field] };
  for (const field of ["units", "unitMs", "children", "megabytes"] as const) {
    for (const value of smallerNumbers(behaviour[field], { min: goodJob[field] })) {
      yield { ...behaviour, [field]: value };
    }
  }
}

function isWorse(behaviour: JobBehaviour, field: keyof JobBehaviour): boolean {
  const value = behaviour[field];
  const good = goodJob[field];
  return typeof value !== "number" || typeof good !== "number" || value > good;
}
