import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { HouseguestError, InterruptedError } from "../foundation/errors.ts";
import { ownUserName } from "../agent/io/own-user.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { seededRandom } from "../foundation/random.ts";
import type { HistoryRecord } from "../protocol/history.ts";
import { type Expectation, type PhaseTime, type RunVerdict, worstVerdict } from "../protocol/verdict.ts";
import { judgeExpectations } from "./checkers/registry.ts";
import { shownOptions } from "./config.ts";
import { exitCodeOf } from "./exit-code.ts";
import { type Interruption, listenForInterruption } from "./interruption.ts";
import { LateErrors } from "./late-errors.ts";
import { createRunDirectory, type RunDirectory, writeHistory } from "./run-directory.ts";
import { retryRecord } from "./retry-record.ts";
import { errorSentence } from "./run-words.ts";
import type { RunRequest } from "./runner.ts";
import { HistoryDigest } from "./simulator/history-digest.ts";
import { faultsIn } from "./steps/faults-in-steps.ts";
import { lookAtJobs } from "./stages/sim/look-at-jobs.ts";
import { SimStage } from "./stages/sim/sim-stage.ts";
import { checkSimSteps, runSimStep } from "./stages/sim/steps.ts";
import { playSteps, type StepPlayer } from "./steps/play-steps.ts";
import { asRun } from "./unheard-errors.ts";

/** What is gathered while a run goes on. */
interface Progress {
  readonly request: RunRequest;
  readonly directory: RunDirectory;
  readonly stage: SimStage;
  readonly records: readonly HistoryRecord[];
  readonly phases: PhaseTime[];
  readonly interruption: Interruption;
  readonly late: LateErrors;
  readonly startedAt: number;
  historySha256: string | undefined;
  error: unknown;
}

/**
 * Runs one scenario on modelled hosts in virtual time, with the expectations of a real run. This machine is not touched
 * but for the run directory, so that there is nothing to undo and no residue to look for.
 *
 * @throws UsageError when a step cannot be carried out here; nothing was done then
 */
export async function runOnSim(request: RunRequest): Promise<RunVerdict> {
  return await asRun(request.scenario.name, () => run(request));
}

async function run(request: RunRequest): Promise<RunVerdict> {
  const { scenario, options } = request;
  const steps = scenario.steps(options.knobs);
  checkSimSteps(steps);
  const startedAt = Date.now();
  const directory = createRunDirectory(request.runs, scenario.name, new Date(startedAt));
  const interruption = listenForInterruption({
    ...{ deadlineMs: options.deadlineMs, undoes: false, hearsErrors: true },
    ...(request.signal === undefined ? {} : { also: request.signal }),
  });
  const late = new LateErrors(directory);
  let isOver = false;
  const stage = new SimStage({
    timing: options.timing,
    seed: options.seed,
    random: seededRandom(options.seed),
    storeFails: faultsIn(steps).some(({ kind }) => kind === "lose-store"),
    onRecord(record) {
      // A step that was given up may end when nobody follows the run any more.
      if (isOver) return;
      for (const reporter of request.reporters) reporter.record(record);
    },
  });
  const progress: Progress = {
    ...{ request, directory, stage, records: stage.records, phases: [], interruption, late, startedAt },
    ...{ historySha256: undefined, error: undefined },
  };
  try {
    stage.record("run.started", {
      run: directory.run,
      scenario: scenario.name,
      seed: options.seed,
      steps: steps.length,
      options: { stage: "sim", ...modelledOptions(request) },
      ...(options.artifacts.length === 0 ? {} : { artifacts: [...options.artifacts] }),
      ...retryRecord(request),
    });
    await inPhase(progress, "lifecycle", () => play(progress));
    return await conclude(progress);
  } finally {
    isOver = true;
    interruption.close();
    // Of a bug on the way there is no verdict, and yet what was seen.
    if (progress.historySha256 === undefined) save(progress);
  }
}

/** Whole, before anything is said of it: a verdict without its history would be believed. */
function save(progress: Progress): string {
  const text = progress.records.map((record) => `${JSON.stringify(record)}\n`).join("");
  progress.historySha256 = createHash("sha256").update(text).digest("hex");
  writeHistory(progress.directory, text);
  return progress.historySha256;
}

/** This process hears of a signal or of its deadline between two steps, and in the middle of one that lasts. */
async function play(progress: Progress): Promise<void> {
  const { request, stage, interruption } = progress;
  const { signal } = interruption;
  const player: StepPlayer = {
    record: (type: "step.begin" | "step.end", data: never) => stage.record(type, data),
    async before() {
      await stage.turn();
      signal.throwIfAborted();
    },
    perform: (step, nested) => runSimStep(stage, step, nested),
  };
  const stop = () => stage.giveUp(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await stage.play(() => playSteps(request.scenario.steps(request.options.knobs), player));
    stage.faults.heal();
    lookAtJobs(stage);
    stage.assertInvariants();
  } catch (error) {
    progress.error = error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  // A promise that the last step left to itself is told as rejected only when nothing else has a turn.
  await setImmediate();
  progress.error ??= interruption.unheard();
}

async function conclude(progress: Progress): Promise<RunVerdict> {
  const { request, directory, stage, records, error } = progress;
  const expectations = await inPhase(progress, "verdict", async () => judge(progress));
  const interrupted = error instanceof InterruptedError;
  const judged = worstVerdict(expectations.map((one) => one.result));
  const outcome = {
    lifecycle: error === undefined ? judged : interrupted ? ("unknown" as const) : ("fail" as const),
    stage: "sim" as const,
    residue: null,
    cleanUp: { result: "pass" as const, notUndone: [] },
    interrupted,
  };
  const isBug = error !== undefined && !(error instanceof HouseguestError);
  const exitCode = isBug ? ExitCode.harnessBug : exitCodeOf(outcome);
  stage.record("run.ended", { exitCode });
  const verdict = progress.late.write({
    version: 1,
    run: directory.run,
    scenario: request.scenario.name,
    seed: request.options.seed,
    startedAt: progress.startedAt,
    endedAt: Date.now(),
    user: ownUserName(),
    options: modelledOptions(request),
    ...outcome,
    expectations,
    error: error === undefined ? null : errorSentence(error),
    phases: progress.phases,
    exitCode,
    ...retryRecord(request),
    reproduce: request.reproduce,
    historyDigest: digestOf(records),
    historySha256: save(progress),
  });
  for (const reporter of request.reporters) {
    reporter.end({ verdict, history: records, runDirectory: directory.path, lostEvidence: [] });
  }
  return verdict;
}

function judge({ request, stage, records }: Progress): Expectation[] {
  const expectations = judgeExpectations(records, request.scenario.expectations(request.options.knobs), []);
  for (const expectation of expectations) stage.record("expectation", expectation);
  return expectations;
}

async function inPhase<T>({ stage, phases }: Progress, phase: string, work: () => Promise<T>): Promise<T> {
  const beganAt = performance.now();
  stage.record("run.phase", { phase, edge: "begin" });
  try {
    return await work();
  } finally {
    phases.push({ phase, ms: performance.now() - beganAt });
    stage.record("run.phase", { phase, edge: "end" });
  }
}

/** Programs, store and residue policy are the host's; everything else is the same. */
function modelledOptions({ options }: RunRequest): Record<string, string | number> {
  const { store: _store, policy: _policy, agent: _agent, broker: _broker, ...modelled } = shownOptions(options);
  return modelled;
}

/** Of all but the run's name, which holds the time of day. */
function digestOf(records: readonly HistoryRecord[]): string {
  const digest = new HistoryDigest();
  for (const record of records) if (record.type !== "run.started") digest.see(record);
  return digest.text();
}
