import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { outcomeOf, type SuiteAttempt, type SuiteEntry } from "../../protocol/suite.ts";
import { readRun, type StoredRun } from "../../reports/runs/read-run.ts";
import { type MergedSuite, mergeSuites } from "../suite/merge-suites.ts";
import { suiteExitCode, worstExitCode } from "../suite/suite-exit-code.ts";
import { readSuite, writeSuite } from "../suite/suite-file.ts";
import { unnamedRuns } from "../suite/unnamed-runs.ts";
import { exitCodeTold } from "./exit-code-told.ts";
import { type OpenReporters, openReporters } from "./open-reporters.ts";

export interface MergeFlags {
  readonly output?: string;
  readonly reporter?: readonly string[];
  readonly json?: boolean;
  readonly failOnFlaky?: boolean;
}

/** `scenarios merge DIR…`: reports what shards ran as one command's, and exits as that would have. */
export function mergeCommand(directories: readonly string[], flags: MergeFlags): number {
  const shards = directories.map((directory) => ({ directory, record: readSuite(directory) }));
  const merged = mergeSuites(shards);
  const unnamed = unnamedRuns(shards);
  const reporters = openReporters({ ...flags, runs: merged.entries.length });
  const told = report(merged, reporters);
  const missing = [...merged.missing, ...told.missing, ...unnamed.map(({ why }) => why)];
  const unwritten = reporters.close({ record: merged.record, again: null });
  const unsaved = flags.output === undefined ? null : copyRuns(merged, flags.output);
  for (const sentence of missing) process.stderr.write(`${sentence} The whole is unknown therefore.\n`);
  const outcomes = merged.entries.map(({ outcome }) => outcome);
  const worst = worstExitCode([
    suiteExitCode(outcomes, { failOnFlaky: flags.failOnFlaky === true }),
    ...told.exitCodes,
    ...unnamed.map(({ exitCode }) => exitCode),
    missing.length > 0 ? ExitCode.unknown : ExitCode.pass,
  ]);
  return exitCodeTold(worst, [...unwritten, ...(unsaved === null ? [] : [unsaved])]);
}

/** What the runs themselves say, where that is not what their suite.json does: that is a summary, and may be edited. */
interface Told {
  /** What is not there, or contradicts itself, one sentence each. */
  readonly missing: readonly string[];
  /** Those that are worse than suite.json has them. */
  readonly exitCodes: readonly number[];
}

function report({ entries }: MergedSuite, reporters: OpenReporters): Told {
  const missing: string[] = [];
  const exitCodes: number[] = [];
  const attemptsMax = Math.max(1, ...entries.map(({ attempts }) => attempts.length));
  const named = new Set<string>();
  for (const [position, entry] of entries.entries()) {
    const { attempts, directory, repeat, repeats, scenario, outcome } = entry;
    const codes = attempts.map(({ exitCode }) => exitCode);
    const comesTo = outcomeOf(codes);
    if (comesTo !== outcome && !(outcome === "skipped" && attempts.length === 0)) {
      missing.push(`${directory}: suite.json says ${outcome} of ${scenario}, and its attempts come to ${comesTo}.`);
      exitCodes.push(...codes.slice(-1));
    }
    const earlier: string[] = [];
    for (const [index, attempt] of attempts.entries()) {
      const { run } = attempt;
      const runDirectory = resolve(directory, run);
      if (named.has(runDirectory)) missing.push(`${run}: suite.json names it twice.`);
      named.add(runDirectory);
      const place = { position, entries: entries.length, repeat, repeats, attempt: index + 1, attemptsMax };
      const ended = readable(runDirectory);
      if (typeof ended === "string") {
        missing.push(ended);
        continue;
      }
      const contradictions = contradictionsOf(ended, { ...entry, attempt, earlier: [...earlier] });
      // By the name that it was run under: a copy may have another one.
      earlier.push(ended.verdict.run);
      missing.push(...contradictions);
      if (contradictions.length > 0) exitCodes.push(ended.verdict.exitCode);
      for (const reporter of reporters.next(place)) reporter.end(ended);
    }
  }
  return { missing, exitCodes };
}

function contradictionsOf(
  { verdict, recorded }: StoredRun,
  {
    scenario,
    seed,
    attempt,
    earlier,
  }: Pick<SuiteEntry, "scenario" | "seed"> & {
    readonly attempt: SuiteAttempt;
    readonly earlier: readonly string[];
  },
): string[] {
  const { run, exitCode } = attempt;
  if (!recorded) return [`${run}: ${verdict.error ?? "it has no verdict"}`];
  const [told, recordedBefore] = [earlier.join(", "), (verdict.retryOf ?? []).join(", ")];
  return [
    ...(told === recordedBefore
      ? []
      : [`suite.json names ${told || "no attempt"} before it, and its verdict ${recordedBefore || "none"}`]),
    ...(verdict.exitCode === exitCode
      ? []
      : [`suite.json says exit code ${exitCode}, and its verdict ${verdict.exitCode}`]),
    ...(verdict.scenario === scenario
      ? []
      : [`suite.json says ${scenario}, and its verdict is of ${verdict.scenario}`]),
    ...(verdict.seed === seed ? [] : [`suite.json says the seed ${seed}, and its verdict of the seed ${verdict.seed}`]),
  ].map((why) => `${run}: ${why}.`);
}

/** The run, or why there is none. */
function readable(runDirectory: string): StoredRun | string {
  try {
    return readRun(runDirectory);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

/** Beside what is there, so that `reports list` and `--last-failed` go by all of it. */
function copyRuns({ entries, record }: MergedSuite, output: string): UsageError | null {
  try {
    mkdirSync(output, { recursive: true });
    const copied = entries.map(({ directory, attempts }) =>
      attempts.map((attempt) => ({ ...attempt, run: copyRun(resolve(directory, attempt.run), resolve(output)) })),
    );
    const moved = record.entries.map((entry, index) => ({ ...entry, attempts: copied[index] ?? [] }));
    return writeSuite(output, { ...record, entries: moved });
  } catch (error) {
    return new UsageError(`The runs could not be copied to ${output}: ${messageOf(error)}.`, {
      code: "merge-output",
      next: "Name a folder that you may write to, with room for them.",
      cause: error,
    });
  }
}

/** Two machines may have begun the same scenario in the same second: the later one takes the next number. */
function copyRun(from: string, output: string): string {
  // One that is missing has been told of, and stays missing there.
  if (!existsSync(from)) return basename(from);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? basename(from) : `${basename(from)}-${number}`;
    const to = join(output, name);
    if (to === from) return name;
    if (!existsSync(to)) {
      cpSync(from, to, { recursive: true, preserveTimestamps: true });
      return name;
    }
    if (sameRun(from, to)) return name;
  }
}

function sameRun(one: string, other: string): boolean {
  const verdict = (directory: string) => readFileSync(join(directory, "verdict.json"));
  return existsSync(join(other, "verdict.json")) && verdict(one).equals(verdict(other));
}
