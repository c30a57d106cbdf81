import type { Plan } from "../plan/plan.ts";
import { withSteps } from "./edit-plan.ts";
import type { ShrinkSearch } from "./shrink-search.ts";

/** Plans with more steps have too many coincidences to go through. */
const stepsMax = 8;
const latenciesMs: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/** How much earlier or later a step is tried, in milliseconds: finely where races are decided, then ever more coarsely. */
const shiftsMs: readonly number[] = [
  ...everyMs(1, 10, 1),
  ...everyMs(15, 100, 5),
  ...everyMs(125, 1_000, 25),
  ...everyMs(1_250, 5_000, 250),
].flatMap((ms) => [-ms, ms]);

/**
 * A race that is left with a dozen small decisions often needs none: they only make two things meet that would meet as
 * well if a step came a little earlier or later. Looks for such a plan, in which every decision is benign.
 *
 * @returns whether there was one
 */
export function otherCoincidence(search: ShrinkSearch): boolean {
  const { plan } = search;
  if (plan.tape === "seeded" || plan.tape.length === 0 || plan.steps.length > stepsMax) return false;
  return candidates(plan).some((candidate) => search.tries(candidate));
}

function* candidates(plan: Plan): Generator<Plan> {
  for (const ms of latenciesMs) {
    if (ms <= plan.options.latencyMsMax) {
      yield { ...plan, tape: [], options: { ...plan.options, latencyMsMin: ms, latencyMsMax: ms } };
    }
  }
  for (const ms of shiftsMs) {
    for (const index of plan.steps.keys()) yield* shifted(plan, index, ms);
  }
}

function* shifted(plan: Plan, index: number, byMs: number): Generator<Plan> {
  const edits = plan.steps.map((step, place) => (place === index ? { ...step, atMs: step.atMs + byMs } : step));
  if ((edits[index]?.atMs ?? -1) < 0) return;
  const { options } = plan;
  const safetyMs = edits.reduce((latest, step) => Math.max(latest, step.atMs), options.safetyMs);
  yield { ...withSteps(plan, edits), tape: [], options: { ...options, safetyMs } };
}

function everyMs(fromMs: number, toMs: number, stepMs: number): number[] {
  return Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => fromMs + index * stepMs);
}
