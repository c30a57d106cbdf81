import type { Failure, SimulationOutcome } from "../simulator/outcome.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import type { PlanRequest } from "../simulator/plan/plan-request.ts";
import { failureKey } from "../simulator/shrink/same-failure.ts";
import type { Simulate } from "../simulator/shrink/shrink-search.ts";

/** What a plan is drawn from, besides its seed; what is left out is drawn too. */
export type PlanWishes = Omit<PlanRequest, "seed">;

export interface SeedBatch {
  readonly seeds: readonly string[];
  readonly wishes: PlanWishes;
  readonly stopAtFailure: boolean;
}

/** What one seed came to; plain data, to be sent between threads. */
export type SeedResult = Omit<SimulationOutcome, "coverage" | "marks"> & { readonly seed: string };

export interface BatchResult {
  /** In the order of the seeds; the last one is the one that failed, where the batch stops at a failure. */
  readonly results: readonly SeedResult[];
  /** Summed over the results. */
  readonly coverage: Uint32Array;
  readonly marks: Readonly<Record<string, number>>;
}

export interface BatchRunner {
  readonly planFor: (request: PlanRequest) => Plan;
  readonly simulate: Simulate;
}

/**
 * Runs seeds one after the other.
 *
 * @throws Error naming the seed, when the simulator itself broke
 */
export function runBatch({ seeds, wishes, stopAtFailure }: SeedBatch, runner: BatchRunner): BatchResult {
  const results: SeedResult[] = [];
  const coverage: number[] = [];
  const marks: Record<string, number> = {};
  for (const seed of seeds) {
    const { coverage: reached, marks: hit, ...result } = outcomeOf(seed, wishes, runner);
    results.push({ seed, ...result });
    for (const [cell, count] of reached.entries()) coverage[cell] = (coverage[cell] ?? 0) + count;
    for (const [mark, count] of Object.entries(hit)) marks[mark] = (marks[mark] ?? 0) + count;
    if (stopAtFailure && result.failure !== null) break;
  }
  return { results, coverage: Uint32Array.from(coverage), marks };
}

/** What is the same in two runs of one seed, and must be. */
export function sameRun(one: SeedResult, other: SeedResult): boolean {
  const [trouble, otherTrouble] = [one.failure, other.failure].map((failure) => failure && failureKey(failure));
  const alike = one.digest === other.digest && trouble === otherTrouble;
  return alike && one.events === other.events && one.steps === other.steps;
}

/** The finding that a seed ran differently the second time. */
export function unlikeItself(one: SeedResult, other: SeedResult): Failure {
  const told = ({ digest, events, steps, failure }: SeedResult) =>
    `digest ${digest}, ${events} events, ${steps} steps, ${failure === null ? "no failure" : failure.invariant}`;
  return {
    invariant: "determinism",
    kind: "safety",
    atMs: 0,
    story: [`The seed ${one.seed} ran differently the second time.`, `first:  ${told(one)}`, `second: ${told(other)}`],
  };
}

function outcomeOf(seed: string, wishes: PlanWishes, { planFor, simulate }: BatchRunner): SimulationOutcome {
  try {
    return simulate(planFor({ ...wishes, seed }));
  } catch (error) {
    throw new Error(`The simulator broke over seed "${seed}" of the profile ${wishes.profile}.`, { cause: error });
  }
}
