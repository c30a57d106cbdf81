import { UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { Reporter } from "../../reports/reporter.ts";
import type { Failure } from "../simulator/outcome.ts";
import type { Plan } from "../simulator/plan/plan.ts";

export interface ReplayOptions {
  /** Sees the run's history as it grows; null where nobody wants it. */
  readonly observe: ((record: HistoryRecord) => void) | null;
  /** Where a stage that makes a run directory makes it. */
  readonly runs: string;
  /** Hear of a run with a verdict of its own. */
  readonly reporters: readonly Reporter[];
  /** The command that replays the same again. */
  readonly reproduce: string;
}

/** What a plan came to on a stage. */
export interface Replayed {
  readonly failure: Failure | null;
  /** What the stage has to tell besides, by name: its digest, how much it did. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** How a stage ended that can end in more ways than with and without a failure. */
  readonly exitCode?: number;
}

export type ReplayStage = (plan: Plan, options: ReplayOptions) => Promise<Replayed>;

/** Where plans can be replayed. Each is loaded where it is asked for: none needs what another one has. */
const stages = new Map<string, ReplayStage>([
  ["sim", inSimulation],
  ["host", onHost],
]);

export const replayStageNames: readonly string[] = [...stages.keys()];

/** @throws UsageError `no-stage` */
export function replayStageNamed(name: string): ReplayStage {
  const stage = stages.get(name);
  if (stage !== undefined) return stage;
  const meant = nearest(name.toLowerCase(), replayStageNames);
  throw new UsageError(`Plans cannot be replayed on the stage "${name}".`, {
    code: "no-stage",
    next: meant === undefined ? `Name one of ${replayStageNames.join(", ")}.` : `Did you mean \`--stage ${meant}\`?`,
  });
}

async function inSimulation(plan: Plan, { observe }: ReplayOptions): Promise<Replayed> {
  const { simulate } = await import("../simulator/simulate.ts");
  const { failure, digest, events, records, virtualMs } = simulate(plan, observe === null ? {} : { observe });
  return { failure, figures: { virtualMs, events, records, digest: digest ?? "" } };
}

async function onHost(plan: Plan, { observe, runs, reporters, reproduce }: ReplayOptions): Promise<Replayed> {
  const { replayOnHost } = await import("../stages/host/replay-plan.ts");
  const { replayFailure } = await import("../stages/host/replay-failure.ts");
  const observer = observe === null ? [] : [{ record: observe, end: () => undefined, close: () => undefined }];
  const verdict = await replayOnHost(plan, { runs, reporters: [...observer, ...reporters], reproduce });
  const { exitCode, residue, run } = verdict;
  return { failure: replayFailure(verdict), figures: { residue: residue?.verdict ?? "not read", run }, exitCode };
}
