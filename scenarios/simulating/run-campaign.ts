import { ExitCode } from "../../foundation/exit-codes.ts";
import type { Line } from "../../reports/text/line.ts";
import type { CoverageSummary } from "../simulator/coverage.ts";
import { summaryLines } from "./campaign-text.ts";
import type { Campaign, CampaignResult, ExplainedFailure } from "./campaign.ts";
import { cellWords } from "./coverage-lines.ts";
import { explainFailure } from "./explain-failure.ts";
import type { LiveLine } from "./live-line.ts";
import { progressLine } from "./progress-line.ts";
import { scheduleSeeds } from "./schedule-seeds.ts";
import type { BatchResult, BatchRunner, SeedBatch } from "./seed-batch.ts";
import type { ShrinkResult, ShrinkTask } from "./simulation-worker.ts";
import { Tally } from "./tally.ts";

const batchSizeMax = 8;
/** So many ways of failing are shrunk, the first ones; the plans of others are written as they are. */
const shrunkMax = 3;

export interface CampaignBed {
  /** The worker threads. */
  readonly pool: {
    runSeeds(batch: SeedBatch): Promise<BatchResult>;
    shrinkFailure(task: ShrinkTask): Promise<ShrinkResult>;
  };
  readonly planFor: BatchRunner["planFor"];
  readonly summarizeCoverage: (counts: Uint32Array) => CoverageSummary;
  /** Every "sometimes" mark that there is. */
  readonly marks: readonly string[];
  readonly tell: (lines: readonly Line[]) => void;
  readonly live: LiveLine;
  readonly columns: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface CampaignEnd {
  readonly result: CampaignResult;
  readonly failures: readonly ExplainedFailure[];
  readonly exitCode: ExitCode;
}

/** Runs the seeds, sums them up, and explains each way in which they failed. */
export async function runCampaign(campaign: Campaign, bed: CampaignBed): Promise<CampaignEnd> {
  const result = await runAll(campaign, bed);
  const { tally } = result;
  bed.tell(summaryLines(result, bed.columns));
  if (campaign.everyCell) bed.tell(result.coverage.empty.map((cell) => [`  ${cellWords(cell)}`]));
  const failures: ExplainedFailure[] = [];
  for (const kind of tally.failures.values()) {
    const mayShrink = campaign.shrink && failures.length < shrunkMax;
    const shrinkFailure = (task: ShrinkTask) => bed.pool.shrinkFailure(task);
    failures.push(await explainFailure(kind, { ...bed, campaign, seeds: tally.seeds, mayShrink, shrinkFailure }));
  }
  const exitCode = bed.signal.aborted ? ExitCode.interrupted : failures.length > 0 ? ExitCode.fail : ExitCode.pass;
  return { result: { ...result, interrupted: bed.signal.aborted }, failures, exitCode };
}

async function runAll(campaign: Campaign, bed: CampaignBed): Promise<CampaignResult> {
  const { source, wishes, workers, untilFailure } = campaign;
  const tally = new Tally();
  const startedAt = bed.now();
  const took = () => bed.now() - startedAt;
  const share = () => {
    const { covered, possible } = bed.summarizeCoverage(tally.coverage);
    return possible === 0 ? 0 : covered / possible;
  };
  let awaited: { seeds: readonly string[]; sinceMs: number } = { seeds: [], sinceMs: 0 };
  bed.live.start(() => {
    const waiting = { seeds: awaited.seeds, forMs: took() - awaited.sinceMs };
    return progressLine(tally, { tookMs: took(), seeds: source.count, coverage: share(), waiting });
  });
  const end = await scheduleSeeds({
    source,
    stopAtFailure: untilFailure,
    parallel: workers,
    batchSize: batchSizeOf(campaign),
    run: (seeds) => bed.pool.runSeeds({ seeds, wishes, stopAtFailure: untilFailure }),
    merge: (batch) => tally.add(batch),
    awaits(seeds) {
      awaited = { seeds, sinceMs: took() };
    },
    signal: bed.signal,
  }).finally(() => bed.live.stop());
  return {
    tally,
    tookMs: took(),
    interrupted: end === "interrupted",
    unfinished: end === "interrupted" ? awaited.seeds : [],
    coverage: bed.summarizeCoverage(tally.coverage),
    neverHit: bed.marks.filter((mark) => (tally.marks.get(mark) ?? 0) === 0),
  };
}

/** Large enough that handing out costs little, small enough that every worker has something to do until the end. */
function batchSizeOf({ source, workers, wishes }: Campaign): number {
  if (wishes.profile === "scale") return 1;
  return Math.max(1, Math.min(batchSizeMax, Math.floor(source.count / (4 * workers))));
}
