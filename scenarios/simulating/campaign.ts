import type { CoverageSummary } from "../simulator/coverage.ts";
import type { PlanWishes } from "./seed-batch.ts";
import type { SeedSource } from "./seed-source.ts";
import type { FailureKind, Tally } from "./tally.ts";

/** Everything that `scenarios simulate` was asked to do. */
export interface Campaign {
  readonly source: SeedSource;
  readonly wishes: PlanWishes;
  readonly workers: number;
  readonly untilFailure: boolean;
  readonly determinism: boolean;
  readonly shrink: boolean;
  /** Whether every cell that no seed reached is listed. */
  readonly everyCell: boolean;
  /** The folder that plans of failures are written to. */
  readonly plans: string;
}

/** A failure with what was made of it. */
export interface ExplainedFailure extends FailureKind {
  /** The file of the plan that shows it; null where no plan alone can (a seed that is not like itself). */
  readonly plan: string | null;
  /** Steps and choices of that plan. */
  readonly size: { readonly steps: number; readonly choices: number | null } | null;
  readonly shrinking: { readonly runs: number; readonly tookMs: number } | null;
  /** The command that shows it again. */
  readonly reproduce: string;
}

export interface CampaignResult {
  readonly tally: Tally;
  readonly tookMs: number;
  readonly interrupted: boolean;
  /** The next seeds in the order, which were running when it was interrupted. */
  readonly unfinished: readonly string[];
  readonly coverage: CoverageSummary;
  /** The "sometimes" marks that no seed hit. */
  readonly neverHit: readonly string[];
}
