import { UsageError } from "../../foundation/errors.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { Failure } from "../simulator/outcome.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import { simulate } from "../simulator/simulate.ts";

export interface ReplayOptions {
  /** Sees the run's history as it grows; null where nobody wants it. */
  readonly observe: ((record: HistoryRecord) => void) | null;
}

/** What a plan came to on a stage. */
export interface Replayed {
  readonly failure: Failure | null;
  /** What the stage has to tell besides, by name: its digest, how much it did. */
  readonly figures: Readonly<Record<string, string | number>>;
}

export type ReplayStage = (plan: Plan, options: ReplayOptions) => Replayed | Promise<Replayed>;

/** Where plans can be replayed; `null` marks a stage that cannot yet. */
const stages: Readonly<Record<string, ReplayStage | null>> = { sim: inSimulation, host: null };

export const replayStageNames = Object.keys(stages);

/** @throws UsageError `no-stage` */
export function replayStageNamed(name: string): ReplayStage {
  const stage = stages[name];
  if (stage !== undefined && stage !== null) return stage;
  throw new UsageError(`Plans cannot be replayed on the stage "${name}"${stage === null ? " yet" : ""}.`, {
    code: "no-stage",
    next: "Use `--stage sim`, or leave it out.",
  });
}

function inSimulation(plan: Plan, { observe }: ReplayOptions): Replayed {
  const { failure, digest, events, records, virtualMs } = simulate(plan, observe === null ? {} : { observe });
  return { failure, figures: { virtualMs, events, records, digest: digest ?? "" } };
}
