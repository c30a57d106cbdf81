import type { Failure } from "../simulator/outcome.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import { planFor } from "../simulator/plan/profiles.ts";
import { shrink } from "../simulator/shrink/shrink.ts";
import { simulate } from "../simulator/simulate.ts";
import { type BatchResult, runBatch, type SeedBatch } from "./seed-batch.ts";
import { ShrinkBoard } from "./shrink-board.ts";

/** What a worker thread is asked to do; the pool calls these by their names. */
export function runSeeds(batch: SeedBatch): BatchResult {
  return runBatch(batch, { planFor, simulate });
}

/** So many runs as long as the first one are always allowed, in time. */
const runsMin = 8;

export interface ShrinkTask {
  readonly plan: Plan;
  readonly failure: Failure;
  readonly runsMax: number;
  readonly forMsMax: number;
  /** Of a `ShrinkBoard`. */
  readonly board: SharedArrayBuffer;
}

export interface ShrinkResult {
  readonly plan: Plan;
  /** Of the plan; null when the violation did not show again. */
  readonly failure: Failure | null;
  readonly runs: number;
  readonly tookMs: number;
}

export function shrinkFailure({ plan, failure, runsMax, forMsMax, board: shared }: ShrinkTask): ShrinkResult {
  const board = new ShrinkBoard(shared);
  const startedAt = performance.now();
  const tookMs = () => performance.now() - startedAt;
  // A plan that takes minutes to run gets as many more as it takes to leave out the greater part of it.
  let untilMs = Number.POSITIVE_INFINITY;
  const found = shrink({
    plan,
    failure,
    simulate(candidate, options) {
      const outcome = simulate(candidate, options);
      if (untilMs === Number.POSITIVE_INFINITY) untilMs = Math.max(forMsMax, runsMin * tookMs());
      return outcome;
    },
    budget: { runsMax, giveUp: () => board.stopped || tookMs() > untilMs },
    progress: (progress) => board.tell(progress),
  });
  return { plan: found.plan, failure: found.outcome.failure, runs: found.runs, tookMs: tookMs() };
}
