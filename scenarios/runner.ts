import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

import { HouseguestError, InterruptedError, UsageError } from "../foundation/errors.ts";
import { ownUserName } from "../agent/io/own-user.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { seededRandom } from "../foundation/random.ts";
import type { HistoryRecord } from "../protocol/history.ts";
import type { ResidueReport } from "../protocol/residue-report.ts";
import {
  type Expectation,
  type NotUndone,
  type PhaseTime,
  type RunVerdict,
  worstVerdict,
} from "../protocol/verdict.ts";
import type { Reporter } from "../reports/reporter.ts";
import { residueDigest } from "../reports/runs/residue-digest.ts";
import {
  type OtherRun,
  type Recorder,
  saveSnapshot,
  type Snapshot,
  settleAndCompare,
  startRecorder,
  takeSnapshot,
} from "../residue-scanner/scanner.ts";
import { applicableTo } from "./foreign/applicable.ts";
import type { LoadedAgent } from "./foreign/load-agent.ts";
import { ForeignCast, runForeignStep } from "./foreign/foreign-steps.ts";
import { judgeExpectations } from "./checkers/registry.ts";
import { cleanUp } from "./clean-up.ts";
import { type RunOptions, shownOptions } from "./config.ts";
import { exitCodeOf } from "./exit-code.ts";
import { type Interruption, listenForInterruption } from "./interruption.ts";
import { otherRuns } from "./other-runs.ts";
import { retryRecord } from "./retry-record.ts";
import { createRunDirectory, type RunDirectory, runDirectoryFiles } from "./run-directory.ts";
import { RunHistory } from "./run-history.ts";
import { errorSentence } from "./run-words.ts";
import { LateErrors } from "./late-errors.ts";
import { keepPlace } from "./keep-place.ts";
import { hostFaultContext } from "./stages/host/host-fault-context.ts";
import { HostStage } from "./stages/host/host-stage.ts";
import { lookAtJobs } from "./stages/host/look-at-jobs.ts";
import { runHostStep } from "./stages/host/steps.ts";
import { isOfBroker } from "./faults/fault-spec.ts";
import { faultsIn } from "./steps/faults-in-steps.ts";
import type { Scenario } from "./steps/scenario.ts";
import { playSteps } from "./steps/play-steps.ts";
import { UndoLedger } from "./undo/undo-ledger.ts";
import { asRun } from "./unheard-errors.ts";
import { startWatchdog, type Watchdog } from "./watchdog/start-watchdog.ts";

/** How long the broker may take to end when it is asked to, in milliseconds. */
const leaveMsMax = 5_000;

export interface RunRequest {
  readonly scenario: Scenario;
  readonly options: RunOptions;
  /** On this host's own network, if nothing is said, or each actor in a network namespace of its own. */
  readonly stage?: "host" | "netns";
  /** Where run directories lie. */
  readonly runs: string;
  readonly reporters: readonly Reporter[];
  /** The command that runs the same again. */
  readonly reproduce: string;
  /** The names of its earlier attempts, where it is run again because it did not pass. */
  readonly retryOf?: readonly string[] | undefined;
  /** Interrupts the run, as a signal to the process does. */
  readonly signal?: AbortSignal;
  /** Whether what agents and broker hold is kept in the run directory where the run did not go through. */
  readonly keep?: boolean;
  /** Somebody else's agent, instead of what `options.agentCommand` starts. */
  readonly agent?: LoadedAgent;
  /** Judges the history instead of the scenario's expectations. */
  readonly judge?: (history: readonly HistoryRecord[], lostEvidence: readonly string[]) => Expectation[];
}

/** What is gathered while a run goes on. */
interface Progress {
  readonly request: RunRequest;
  readonly directory: RunDirectory;
  readonly history: RunHistory;
  readonly ledger: UndoLedger;
  readonly watchdog: Watchdog;
  readonly interruption: Interruption;
  readonly late: LateErrors;
  readonly startedAt: number;
  readonly phases: PhaseTime[];
  /** Those that were under way when this one began. */
  readonly otherRuns: readonly OtherRun[];
  id: string;
  stage: HostStage | undefined;
  recorder: Recorder | undefined;
  baseline: Snapshot | undefined;
  residue: ResidueReport | undefined;
  error: unknown;
}

/**
 * Runs one scenario on this host: baseline, lifecycle, second look, verdict. Whatever happens on the way, what the
 * harness did is undone, and the verdict says what came of it.
 */
export async function runScenario(request: RunRequest): Promise<RunVerdict> {
  return await asRun(request.scenario.name, () => run(request));
}

async function run(request: RunRequest): Promise<RunVerdict> {
  const startedAt = Date.now();
  const id = randomBytes(4).toString("hex");
  const directory = createRunDirectory(request.runs, request.scenario.name, new Date(startedAt), id);
  const history = new RunHistory(prepare(directory), directory.run);
  const interruption = listenForInterruption({
    deadlineMs: request.options.deadlineMs,
    hearsErrors: true,
    ...(request.signal === undefined ? {} : { also: request.signal }),
  });
  const ledger = UndoLedger.open(directory.undo);
  const watchdog = startWatchdog(directory, (why) => process.stderr.write(noWatchdog(why)));
  const progress: Progress = {
    ...{ request, directory, history, ledger, watchdog, interruption, startedAt, late: new LateErrors(directory) },
    ...{ id, phases: [], otherRuns: otherRuns(id) },
    ...{ stage: undefined, recorder: undefined, baseline: undefined, residue: undefined, error: undefined },
  };
  for (const reporter of request.reporters) history.onRecord((record) => reporter.record(record));
  try {
    history.record("run.started", {
      run: directory.run,
      scenario: request.scenario.name,
      seed: request.options.seed,
      steps: request.scenario.steps(request.options.knobs).length,
      options: { ...shownOptions(request.options), ...elsewhere(request), user: ownUserName() },
      ...(request.options.artifacts.length === 0 ? {} : { artifacts: [...request.options.artifacts] }),
      ...retryRecord(request),
    });
    await catchInto(progress, () => attempt(progress));
    const notUndone = await undoEverything(progress);
    await catchInto(progress, () => lookAfterFailure(progress));
    // What failed when the steps were over, or in the undoing, and nobody waited for it.
    await setImmediate();
    progress.error ??= interruption.unheard();
    return await conclude(progress, notUndone);
  } finally {
    await progress.recorder?.close();
    history.close();
    interruption.close();
    await watchdog.dismiss();
  }
}

/** Which stage it is, where that is not the usual one. */
function elsewhere({ stage = "host" }: RunRequest): { stage?: string } {
  return stage === "host" ? {} : { stage };
}

function noWatchdog(why: string): string {
  return `The run has no watchdog any more (${why}): if this is killed, \`scenarios heal\` undoes what it did.\n`;
}

/** Keeps the first error. Whatever was under way when the run was interrupted fails for that reason and no other. */
async function catchInto(progress: Progress, work: () => Promise<void>): Promise<void> {
  const { signal } = progress.interruption;
  try {
    await work();
  } catch (error) {
    progress.error ??= signal.aborted ? signal.reason : error;
  }
}

/** Everything that may fail or be interrupted. */
async function attempt(progress: Progress): Promise<void> {
  const { request, interruption } = progress;
  const { signal } = interruption;
  progress.baseline = await inPhase(progress, "baseline", async () => {
    // First the recorder: whoever changes something between the two readings is known then.
    progress.recorder = await startRecorder();
    // It is there before the first reading and goes after the last, so that it is no difference.
    await progress.watchdog.ready;
    return await takeSnapshot({ signal, isKept: true });
  });
  await inPhase(progress, "set-up", async () => {
    progress.stage = HostStage.open({
      directory: progress.directory,
      id: progress.id,
      history: progress.history,
      ledger: progress.ledger,
      signal,
      timing: request.options.timing,
      agentCommand: request.options.agentCommand,
      brokerCommand: request.options.brokerCommand,
      store: request.options.store,
      random: seededRandom(request.options.seed),
      brokerTakesFaults: faultsIn(request.scenario.steps(request.options.knobs)).some(isOfBroker),
      isolated: request.stage === "netns",
      faultContext: hostFaultContext,
      recorder: progress.recorder ?? null,
    });
  });
  await inPhase(progress, "lifecycle", () => play(progress));
  await inPhase(progress, "leave", async () => await progress.stage?.leave(leaveMsMax));
  await inPhase(progress, "second look", () => lookAgain(progress));
}

async function play({ request, history, stage }: Progress): Promise<void> {
  if (stage === undefined) return;
  const cast = request.agent === undefined ? undefined : new ForeignCast(stage, request.agent.definition);
  await playSteps(request.scenario.steps(request.options.knobs), {
    record: history.record,
    before: async () => stage.options.signal.throwIfAborted(),
    perform: (step, nested) =>
      cast === undefined ? runHostStep(stage, step, nested) : runForeignStep(cast, step, nested),
  });
  await stage.faults.heal(undefined, { comesBack: false });
  await lookAtJobs(stage, history);
}

async function lookAgain(progress: Progress): Promise<void> {
  const { baseline, stage, request, directory, interruption } = progress;
  if (baseline === undefined || stage === undefined) return;
  const { report } = await settleAndCompare(
    baseline,
    {
      policy: request.options.policy,
      runId: progress.id,
      windowFromMs: progress.startedAt,
      windowToMs: Date.now(),
      cgroupPrefixes: stage.cgroups,
      // The place is the harness's, and gone by now unless an agent left something in it.
      agentPaths: [...[...stage.agents.values()].map((agent) => agent.home), stage.place],
      jobPaths: [],
      harnessPaths: [directory.path],
      harnessFiles: runDirectoryFiles,
      identifiers: [...stage.agents.values()].map((agent) => agent.agentId),
      processes: stage.seen,
      otherRuns: [...progress.otherRuns, ...otherRuns(progress.id)],
    },
    { signal: interruption.signal, recorder: progress.recorder ?? null },
  );
  progress.residue = report;
}

/** A run that failed on the way has been undone by now; the host is read again all the same, to prove that (I12). */
async function lookAfterFailure(progress: Progress): Promise<void> {
  if (progress.error === undefined || progress.interruption.signal.aborted) return;
  await inPhase(progress, "second look", () => lookAgain(progress));
}

/**
 * Undoes what the harness did, last in first out. After an interruption or a failed step this is also what takes agent
 * and broker down. Of a run that went through, what an agent left has been seen by then.
 */
async function undoEverything(progress: Progress): Promise<NotUndone[]> {
  return await inPhase(progress, "clean-up", async () => {
    const { stage, request, directory, ledger } = progress;
    const { notUndone, errors } = await cleanUp({
      ledger,
      stopSchedule: async () => {
        await stage?.schedule.stop();
        // What cannot be healed here is on the ledger.
        await stage?.faults.heal(undefined, { comesBack: false });
      },
      keep: async () => {
        if (request.keep === true) keepPlace(stage?.place, directory.kept);
      },
      stopWatching: async () => {
        await stage?.watch.close();
        await stage?.links.close();
      },
    });
    progress.error ??= errors[0];
    return notUndone;
  });
}

async function conclude(progress: Progress, notUndone: NotUndone[]): Promise<RunVerdict> {
  const { request, directory, history, error } = progress;
  const expectations = await inPhase(progress, "verdict", async () => judge(progress));
  const interrupted = error instanceof InterruptedError;
  const harnessBug = error !== undefined && !(error instanceof HouseguestError);
  const lifecycle =
    error === undefined ? worstVerdict(expectations.map((one) => one.result)) : interrupted ? "unknown" : "fail";
  const outcome = {
    lifecycle,
    stage: request.stage ?? "host",
    residue: progress.residue ?? null,
    cleanUp: { result: notUndone.length === 0 ? ("pass" as const) : ("fail" as const), notUndone },
    interrupted,
  };
  const exitCode = harnessBug
    ? ExitCode.harnessBug
    : error instanceof UsageError && notUndone.length === 0
      ? ExitCode.usage
      : exitCodeOf(outcome);
  history.record("run.ended", {
    exitCode,
    ...(progress.residue === undefined ? {} : { residueDigest: residueDigest(progress.residue) }),
  });
  history.close();
  const verdict = progress.late.write({
    version: 1,
    run: directory.run,
    scenario: request.scenario.name,
    seed: request.options.seed,
    startedAt: progress.startedAt,
    endedAt: Date.now(),
    user: ownUserName(),
    options: shownOptions(request.options),
    ...outcome,
    expectations,
    ...(request.agent === undefined ? {} : notApplicableTo(request, request.agent)),
    error: error === undefined ? null : errorSentence(error),
    phases: progress.phases,
    exitCode,
    ...retryRecord(request),
    reproduce: request.reproduce,
    historySha256: history.sha256(),
  });
  if (progress.baseline !== undefined) await saveSnapshot(progress.baseline, directory.baseline);
  for (const reporter of request.reporters) {
    reporter.end({
      verdict,
      history: history.records,
      runDirectory: directory.path,
      lostEvidence: history.unreadable,
    });
  }
  return verdict;
}

function judge(progress: Progress): Expectation[] {
  const { request, history } = progress;
  history.expectEnd();
  const wanted = request.scenario.expectations(request.options.knobs);
  const { judged } = request.agent === undefined ? { judged: wanted } : applicableTo(request.agent.definition, wanted);
  const expectations =
    request.judge?.(history.records, history.unreadable) ??
    judgeExpectations(history.records, judged, history.unreadable);
  if (request.agent !== undefined && expectations.length === 0) expectations.push(nothingJudged);
  for (const expectation of expectations) history.record("expectation", expectation);
  return expectations;
}

/** That nothing could be judged is no pass. */
const nothingJudged: Expectation = {
  ...{ id: "judged", title: "something of the agent can be judged", result: "unknown" },
  detail: "none of what the scenario expects applies to it",
};

function notApplicableTo(
  { scenario, options }: RunRequest,
  { definition }: LoadedAgent,
): Pick<RunVerdict, "notApplicable"> {
  return { notApplicable: [...applicableTo(definition, scenario.expectations(options.knobs)).notApplicable] };
}

async function inPhase<T>(progress: Progress, phase: string, work: () => Promise<T>): Promise<T> {
  const beganAt = performance.now();
  progress.history.record("run.phase", { phase, edge: "begin" });
  try {
    return await work();
  } finally {
    progress.phases.push({ phase, ms: performance.now() - beganAt });
    progress.history.record("run.phase", { phase, edge: "end" });
  }
}

/** Makes the history file, so that every actor finds it and appends. */
function prepare(directory: RunDirectory): string {
  writeFileSync(directory.history, "", { mode: 0o600 });
  return directory.history;
}
