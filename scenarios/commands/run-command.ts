import { randomBytes } from "node:crypto";
import { resolve } from "node:path";

import type { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { isGood, type SuiteEntry, type SuiteRecord } from "../../protocol/suite.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import type { EndedSuite } from "../../reports/reporter.ts";
import { rootDefault } from "../../reports/runs/run-directory.ts";
import { runOptions } from "../config.ts";
import { heal } from "../heal.ts";
import { loadAgent } from "../foreign/load-agent.ts";
import { isFile } from "../loading/is-file.ts";
import { type FoundConfig, readConfig } from "../loading/read-config.ts";
import { scenariosAmong } from "../loading/scenario-set.ts";
import { otherRunsWarning } from "../other-runs.ts";
import { preflight } from "../preflight.ts";
import { checkRunsRoot } from "../run-directory.ts";
import type { RunRequest } from "../runner.ts";
import { type PlannedEntry, planSuite, type SuitePlan } from "../selection/plan-suite.ts";
import { type EntryResult, runEntries } from "../suite/run-entries.ts";
import { openRunner } from "../suite/runners.ts";
import { suiteExitCode, worstExitCode } from "../suite/suite-exit-code.ts";
import { cannotRun } from "../needs/cannot-run.ts";
import { failedBefore, failedLast, readSuite, writeSuite } from "../suite/suite-file.ts";
import { beginProgress, endProgress, noteProgress } from "../suite/suite-progress.ts";
import { dryRunText } from "./dry-run.ts";
import { exitCodeTold } from "./exit-code-told.ts";
import { completeFlags, noteOwnPrograms, withFlags } from "./flags-over-config.ts";
import { tellHealed } from "./heal-command.ts";
import { type Consent, consentTo, terminalAsk } from "./may-hurt.ts";
import { type OpenReporters, openReporters } from "./open-reporters.ts";
import { againCommand, type GivenFlags, reproduceCommand, type RunFlags } from "./run-flags.ts";
import { stageNamed, workersOn } from "./run-stage.ts";
import type { RunStage } from "../steps/scenario.ts";
import { playable } from "./playable.ts";

/** A suite that is ready to run. */
interface Suite {
  readonly flags: RunFlags;
  /** What was said on the command line, for the commands that run the same again. */
  readonly given: GivenFlags;
  /** Of them the files, which no configuration finds. */
  readonly files: readonly string[];
  readonly stage: RunStage;
  readonly plan: SuitePlan;
  readonly workers: number;
  /** What had come to no good end before; null where `--last-failed` was not given. */
  readonly failed: ReadonlySet<string> | null;
  /** Those of them that this command does not run. */
  readonly leftOut: readonly string[];
  readonly requests: readonly Omit<RunRequest, "reporters">[];
  readonly startedAt: number;
}

/** `scenarios run`: undoes what a killed run left, then runs the scenarios; resolves to the worst exit code. */
export async function runCommand(words: readonly string[], given: GivenFlags): Promise<number> {
  const found = await readConfig(given.config);
  const suite = await prepare(words, given, found);
  const { flags, stage } = suite;
  if (flags.dryRun === true) {
    const dry = {
      ...suite,
      agent: suite.requests[0]?.agent?.definition,
      knobs: suite.requests.map(({ options }) => options.knobs),
    };
    process.stdout.write(dryRunText(dry, { seed: suite.plan.entries[0]?.seed ?? "", json: flags.json === true }));
    return ExitCode.pass;
  }
  if (suite.plan.entries.length === 0) {
    process.stderr.write(nothingToRun(suite));
    // A part of a suite all the same: `merge` asks for each. As in Playwright Test it is none that fails.
    const unwritten = flags.shard === undefined || suite.plan.planned === 0 ? null : begin(suite);
    return exitCodeTold(ExitCode.pass, unwritten === null ? [] : [unwritten]);
  }
  const consent = await consentOf(suite, words);
  const reporters = openReporters({ ...flags, runs: suite.plan.entries.length });
  let worst: number = ExitCode.pass;
  let ended: Ended = { suite: null, interrupted: false, unwritten: null };
  try {
    begin(suite);
    if (stage !== "sim") worst = await makeReady(flags.output);
    ended = await runSuite(suite, reporters, consent);
    const outcomes = ended.suite?.record.entries.map(({ outcome }) => outcome) ?? [];
    worst = worstExitCode([
      ...[
        worst,
        suiteExitCode(outcomes, { failOnFlaky: flags.failOnFlaky === true, isPart: flags.shard !== undefined }),
      ],
      // Between two runs nobody else says so.
      ended.interrupted ? ExitCode.interrupted : ExitCode.pass,
    ]);
  } finally {
    const unwritten = reporters.close(ended.suite);
    worst = exitCodeTold(worst, [...unwritten, ...(ended.unwritten === null ? [] : [ended.unwritten])]);
  }
  return worst;
}

/** Everything is checked before anything is done. */
async function prepare(words: readonly string[], given: GivenFlags, found: FoundConfig): Promise<Suite> {
  const flags = completeFlags(given, found, words);
  // What the configuration says for the other stage as well stands in nobody's way.
  const stage = stageNamed(flags.stage, given);
  const files = words.filter(isFile);
  const globs = [found.config.scenarios ?? []].flat();
  const known = await scenariosAmong(words, { globs, folder: found.folder, files, whole: true });
  const failed = flags.lastFailed === true ? failedLast(readSuite(flags.output)) : null;
  const all = flags.all === true || (failed !== null && words.length === 0);
  const scenarios = playable({ ...flags, words, all }, stage, known);
  const config = withFlags(found.config, flags);
  if (stage === "sim") noteOwnPrograms(config);
  const plan = planSuite({
    ...{ scenarios, failed, repeats: flags.repeatEach, shard: flags.shard ?? null },
    seed: flags.seed ?? randomBytes(4).toString("hex"),
  });
  const agent = stage === "sim" || flags.agent === undefined ? undefined : await loadAgent(flags.agent, stage);
  const adapter = agent === undefined ? {} : { adapter: agent.file };
  const requests = plan.entries.map(({ scenario, seed }) => ({
    ...{ scenario, options: { ...runOptions(scenario, config, seed), ...adapter }, runs: flags.output },
    ...{ reproduce: reproduceCommand(scenario, given, seed), keep: flags.keep === true },
    ...(agent === undefined ? {} : { agent }),
  }));
  if (stage !== "sim") for (const { options } of requests) preflight(options);
  const workers = workersOn(stage, flags.workers, requests.length);
  const meant = new Set(scenarios.map(({ name }) => name));
  const leftOut = [...(failed ?? [])].filter((name) => !meant.has(name));
  return { flags, given, files, stage, plan, workers, failed, leftOut, requests, startedAt: Date.now() };
}

function nothingToRun({ flags: { shard }, plan, failed }: Suite): string {
  if (failed !== null && plan.planned === 0) {
    return failed.size === 0
      ? "Nothing to run: whatever ran last here came to a good end.\n"
      : `Nothing to run: none of what failed is among these (${[...failed].join(", ")}).\n`;
  }
  return shard === undefined
    ? "Nothing to run.\n"
    : `Nothing to run: shard ${shard.index} of ${shard.total} is empty.\n`;
}

/** A modelled host hurts nobody, and nobody is asked about what cannot run here. */
async function consentOf({ stage, plan, flags }: Suite, named: readonly string[]): Promise<Consent> {
  const runnable = plan.entries
    .map(({ scenario }) => scenario)
    .filter((scenario) => cannotRun(scenario, stage) === null);
  const scenarios = stage === "sim" ? [] : [...new Set(runnable)];
  return await consentTo(scenarios, { yes: flags.yes === true, named, ask: terminalAsk() });
}

/** Undoes what killed runs left; the exit code says whether all of it could be. */
async function makeReady(runs: string): Promise<number> {
  checkRunsRoot(runs);
  const { healed } = await heal(runs);
  tellHealed(healed, (text) => process.stderr.write(text));
  process.stderr.write(otherRunsWarning(runs) ?? "");
  return healed.some((run) => run.notUndone.length > 0) ? ExitCode.notUndone : ExitCode.pass;
}

/**
 * First of all: whatever kills this command, nobody takes an older one's record for its own. Where nothing can be
 * written, the first run says so.
 */
function begin(suite: Suite): UsageError | null {
  const root = resolve(suite.flags.output);
  return writeSuite(root, recordOf(suite, [], failedBefore(root)));
}

interface Ended {
  readonly suite: EndedSuite | null;
  readonly interrupted: boolean;
  /** What could not be written down for `--last-failed` and `merge`. */
  readonly unwritten: UsageError | null;
}

async function runSuite(suite: Suite, reporters: OpenReporters, consent: Consent): Promise<Ended> {
  const { flags, given, files, stage, plan, workers, requests } = suite;
  const runner = await openRunner(stage, workers);
  const root = resolve(flags.output);
  const before = failedBefore(root);
  let unwritten: UsageError | null = null;
  const [first] = plan.entries;
  // Whoever writes all of it after every entry writes a hundred million of them in a suite of ten thousand.
  beginProgress(root, suite);
  try {
    const results = await runEntries({
      ...{ entries: plan.entries, workers, retries: flags.retries, signal: runner.signal },
      failuresMax: flags.x === true ? 1 : (flags.maxFailures ?? null),
      // In virtual time each has a host of its own.
      alone: ({ scenario }) => stage !== "sim" && scenario.hostWide === true,
      skip: ({ scenario }) => cannotRun(scenario, stage) ?? consent.refused(scenario),
      run: (entry, earlier) => {
        const at = entry.position - (first?.position ?? 0);
        const { repeat, repeats } = entry;
        const place = {
          scenario: entry.scenario.name,
          position: at,
          entries: plan.entries.length,
          repeat,
          repeats,
          attempt: earlier.length + 1,
        };
        const request = requests[at] as Omit<RunRequest, "reporters">;
        const told = reporters.next({ ...place, attemptsMax: flags.retries + 1 });
        return reported({ ...request, retryOf: earlier, reporters: told }, runner.run);
      },
      onEntry: (entry, result) => {
        unwritten = noteProgress(root, entryOf(entry, result, before), Date.now());
      },
    });
    const record = recordOf(suite, results, before);
    unwritten = writeSuite(root, record);
    if (unwritten === null) endProgress(root);
    const bad = record.entries.some(
      ({ outcome }) => !isGood(outcome) && outcome !== "not-run" && outcome !== "skipped",
    );
    const again = bad ? againCommand(given, { rootDefault, files }) : null;
    return { suite: { record, again }, interrupted: runner.signal.aborted, unwritten };
  } finally {
    await runner.close();
  }
}

/** Runs one scenario; its reporters are closed however it ends. */
async function reported(request: RunRequest, run: (request: RunRequest) => Promise<RunVerdict>): Promise<RunVerdict> {
  try {
    return await run(request);
  } finally {
    for (const reporter of request.reporters) reporter.close();
  }
}

const notRun: EntryResult = { outcome: "not-run", attempts: [], interrupted: false };

/** @param before the names of what had come to no good end before */
function entryOf(
  { position, scenario, repeat, repeats, seed }: PlannedEntry,
  { outcome, attempts, skipped }: EntryResult,
  before: ReadonlySet<string>,
): SuiteEntry {
  return {
    ...{ position, scenario: scenario.name, repeat, repeats, seed, outcome, attempts: [...attempts] },
    ...((outcome === "not-run" || outcome === "skipped") && before.has(scenario.name) ? { failedBefore: true } : {}),
    ...(skipped === undefined ? {} : { skipped }),
  };
}

function recordOf(
  { flags, stage, plan, leftOut, startedAt }: Suite,
  results: readonly EntryResult[],
  before: ReadonlySet<string>,
): SuiteRecord {
  const entries = plan.entries.map((entry, index) => entryOf(entry, results[index] ?? notRun, before));
  return {
    ...{ version: 1, stage, startedAt, endedAt: Date.now(), planned: plan.planned, plan: plan.digest },
    ...(leftOut.length === 0 ? {} : { leftOut: [...leftOut] }),
    ...{ shard: flags.shard ?? null, entries },
  };
}
