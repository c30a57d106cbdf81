import type { SimulationOutcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { cutAfterFailure } from "./cut-after-failure.ts";
import { fewerSteps } from "./fewer-steps.ts";
import { otherCoincidence } from "./other-coincidence.ts";
import { ShrinkSearch, type ShrinkSearchOptions } from "./shrink-search.ts";
import { fewerAgents, simplerOptions } from "./simpler-options.ts";
import { simplerSteps } from "./simpler-steps.ts";
import { benignTape, fewerChoices, mergedChoices, recordTape, smallerChoices } from "./simpler-tape.ts";
import { simplerTimes } from "./simpler-times.ts";

export interface Shrunk {
  readonly plan: Plan;
  /** What the plan comes to; its failure is null only if the original did not show the violation when it was run again. */
  readonly outcome: SimulationOutcome;
  /** How many runs it took. */
  readonly runs: number;
}

/** Each makes the plan simpler where it can; together they are gone through until none can. */
const passes: readonly ((search: ShrinkSearch) => void)[] = [
  benignTape,
  cutAfterFailure,
  fewerSteps,
  fewerChoices,
  fewerAgents,
  simplerOptions,
  simplerSteps,
  simplerTimes,
  smallerChoices,
  mergedChoices,
];

/**
 * Looks for the smallest plan that breaks the same invariant in the same way. Determined by its input: it reads no
 * clock and draws nothing; a limit of time is the caller's `giveUp`.
 */
export function shrink(options: ShrinkSearchOptions): Shrunk {
  const search = new ShrinkSearch(options);
  if (search.holds) {
    cutAfterFailure(search);
    benignTape(search);
    // While the decisions are drawn from the seed they go with whatever steps there are; written down, they do not.
    fewerSteps(search);
    fewerAgents(search);
    benignTape(search);
    recordTape(search);
    do goRound(search);
    while (otherCoincidence(search));
  }
  return { plan: withViolation(search), outcome: search.outcome, runs: search.runs };
}

function goRound(search: ShrinkSearch): void {
  let before: number;
  do {
    before = search.improvements;
    for (const pass of passes) pass(search);
  } while (search.improvements > before && !search.exhausted);
}

function withViolation({ plan, outcome }: ShrinkSearch): Plan {
  const { failure } = outcome;
  return failure === null ? plan : { ...plan, shows: { invariant: failure.invariant, story: [...failure.story] } };
}
