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
  const found = shrink({
    plan,
    failure,
    simulate,
    budget: { runsMax, giveUp: () => board.stopped || tookMs() > forMsMax },
    progress: (progress) => board.tell(progress),
  });
  return { plan: found.plan, failure: found.outcome.failure, runs: found.runs, tookMs: tookMs() };
}
