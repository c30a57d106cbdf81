import type { Plan, PlanStep } from "../plan/plan.ts";
import { withSteps } from "./edit-plan.ts";
import type { ShrinkSearch } from "./shrink-search.ts";

const secondMs = 1_000;
/** Rounder times first. */
const roundings: readonly number[] = [secondMs, 100, 1];

/** Puts steps on round moments, all of them and then each, and takes out the time in which nothing is done. */
export function simplerTimes(search: ShrinkSearch): void {
  for (const unitMs of roundings) roundAll(search, unitMs);
  for (let index = 0; index < search.plan.steps.length && !search.exhausted; index += 1) {
    roundOne(search, index);
  }
  closeGaps(search);
}

function roundAll(search: ShrinkSearch, unitMs: number): void {
  const { plan } = search;
  const edits = plan.steps.map((step) => roundedTo(step, unitMs) ?? step);
  if (edits.some((step, index) => step !== plan.steps[index])) search.tries(withSteps(plan, edits));
}

function roundOne(search: ShrinkSearch, index: number): void {
  for (const unitMs of roundings) {
    const step = search.plan.steps[index];
    const rounder = step === undefined ? null : roundedTo(step, unitMs);
    if (rounder !== null && search.tries(replaced(search.plan, index, rounder))) return;
  }
}

/** Null when the time is as round already: steps get rounder and never less so, or shrinking would go in circles. */
function roundedTo(step: PlanStep, unitMs: number): PlanStep | null {
  return step.atMs % unitMs === 0 ? null : { ...step, atMs: Math.round(step.atMs / unitMs) * unitMs };
}

/** Moves a step and all that follow it earlier by whole seconds, which leaves every one as round as it was. */
function closeGaps(search: ShrinkSearch): void {
  for (let index = 0; index < search.plan.steps.length && !search.exhausted; index += 1) {
    for (const share of [1, 2, 4]) if (movesEarlier(search, index, share)) break;
  }
}

function movesEarlier(search: ShrinkSearch, from: number, share: number): boolean {
  const { plan } = search;
  const gapMs = (plan.steps[from]?.atMs ?? 0) - (plan.steps[from - 1]?.atMs ?? 0);
  const byMs = Math.floor(gapMs / share / secondMs) * secondMs;
  if (byMs <= 0) return false;
  const edits = plan.steps.map((step, index) => (index < from ? step : { ...step, atMs: step.atMs - byMs }));
  return search.tries(withSteps(plan, edits));
}

function replaced(plan: Plan, index: number, step: PlanStep): Plan {
  return withSteps(
    plan,
    plan.steps.map((other, place) => (place === index ? step : other)),
  );
}
