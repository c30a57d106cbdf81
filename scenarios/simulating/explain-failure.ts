import { join } from "node:path";

import { duration, wholeNumber } from "../../reports/text/duration.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import { failureLines } from "./campaign-text.ts";
import type { Campaign, ExplainedFailure } from "./campaign.ts";
import { replayWords, simulateWords } from "./command-words.ts";
import { sizeWords, stepLines } from "./describe-plan.ts";
import type { LiveLine } from "./live-line.ts";
import { planFileName, writePlan } from "./plan-file.ts";
import { shrinkingLine } from "./progress-line.ts";
import type { BatchRunner } from "./seed-batch.ts";
import { ShrinkBoard } from "./shrink-board.ts";
import type { ShrinkResult, ShrinkTask } from "./simulation-worker.ts";
import type { FailureKind } from "./tally.ts";

const shrinkRunsMax = 20_000;
const shrinkForMsMax = 60_000;
const stepsShownMax = 20;

export interface FailureBed {
  readonly campaign: Campaign;
  readonly seeds: number;
  readonly planFor: BatchRunner["planFor"];
  readonly shrinkFailure: (task: ShrinkTask) => Promise<ShrinkResult>;
  readonly mayShrink: boolean;
  readonly tell: (lines: readonly Line[]) => void;
  readonly live: LiveLine;
  readonly signal: AbortSignal;
}

/** Tells a failure's story, shrinks its plan, writes it down, and says last how to run it again. */
export async function explainFailure(kind: FailureKind, bed: FailureBed): Promise<ExplainedFailure> {
  const { campaign, tell } = bed;
  tell(failureLines(kind, bed.seeds));
  if (kind.failure.invariant === "determinism") return unlikeItselfAgain(kind, bed);
  const whole = planFor(kind, bed);
  const shrunk = bed.mayShrink && !bed.signal.aborted ? await shrunkPlan(kind, whole, bed) : null;
  if (shrunk?.failure === null) {
    tell([[tinted("  It did not show when the same plan was run again.", "bad")]]);
    return unlikeItselfAgain(kind, bed);
  }
  const plan = shrunk?.plan ?? whole;
  const file = join(campaign.plans, planFileName({ invariant: kind.failure.invariant, seed: kind.seed }));
  writePlan(file, plan);
  if (shrunk !== null) tell(shrunkLines(whole, shrunk));
  const reproduce = replayWords(file);
  tell([
    [faint("  The whole seed: "), tinted(simulateWords(kind.seed, campaign.wishes), "command")],
    [tinted(reproduce, "command")],
  ]);
  return {
    ...kind,
    plan: file,
    size: { steps: plan.steps.length, choices: plan.tape === "seeded" ? null : plan.tape.length },
    shrinking: shrunk === null ? null : { runs: shrunk.runs, tookMs: Math.round(shrunk.tookMs) },
    reproduce,
  };
}

function planFor({ seed, failure }: FailureKind, { planFor, campaign }: FailureBed): Plan {
  const plan = planFor({ ...campaign.wishes, seed });
  return { ...plan, shows: { invariant: failure.invariant, story: [...failure.story] } };
}

async function shrunkPlan(kind: FailureKind, plan: Plan, bed: FailureBed): Promise<ShrinkResult> {
  const board = new ShrinkBoard();
  board.tell({ runs: 0, steps: plan.steps.length, choices: null });
  const onAbort = () => board.stop();
  bed.signal.addEventListener("abort", onAbort, { once: true });
  bed.live.start(() => shrinkingLine(kind, board.read()));
  try {
    const { failure } = kind;
    const task = { plan, failure, runsMax: shrinkRunsMax, forMsMax: shrinkForMsMax, board: board.shared };
    return await bed.shrinkFailure(task);
  } finally {
    bed.live.stop();
    bed.signal.removeEventListener("abort", onAbort);
  }
}

function shrunkLines(whole: Plan, { plan, runs, tookMs }: ShrinkResult): Line[] {
  const how = `${wholeNumber(runs)} runs, ${duration(tookMs)}`;
  return [
    [`  Shrunk from ${sizeWords(whole)} to `, tinted(sizeWords(plan), "strong"), faint(` (${how}):`)],
    ...stepLines(plan, stepsShownMax),
  ];
}

/** No plan shows it for sure: only running the seed twice does. */
function unlikeItselfAgain(kind: FailureKind, { campaign, tell }: FailureBed): ExplainedFailure {
  const reproduce = simulateWords(kind.seed, campaign.wishes, "--determinism");
  tell([[tinted(reproduce, "command")]]);
  return { ...kind, plan: null, size: null, shrinking: null, reproduce };
}
