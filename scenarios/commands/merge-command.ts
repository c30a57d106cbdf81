import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { readRun, type StoredRun } from "../../reports/runs/read-run.ts";
import { type MergedSuite, mergeSuites } from "../suite/merge-suites.ts";
import { suiteExitCode, worstExitCode } from "../suite/suite-exit-code.ts";
import { readSuite, writeSuite } from "../suite/suite-file.ts";
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
  const merged = mergeSuites(directories.map((directory) => ({ directory, record: readSuite(directory) })));
  const reporters = openReporters(flags);
  const missing = [...merged.missing, ...report(merged, reporters)];
  const unwritten = reporters.close({ record: merged.record, again: null });
  const unsaved = flags.output === undefined ? null : copyRuns(merged, flags.output);
  for (const sentence of missing) process.stderr.write(`${sentence} The whole is unknown therefore.\n`);
  const outcomes = merged.entries.map(({ outcome }) => outcome);
  const worst = worstExitCode([
    suiteExitCode(outcomes, { failOnFlaky: flags.failOnFlaky === true }),
    missing.length > 0 ? ExitCode.unknown : ExitCode.pass,
  ]);
  return exitCodeTold(worst, [...unwritten, ...(unsaved === null ? [] : [unsaved])]);
}

/** Gives what is not there to be reported, one sentence each. */
function report({ entries }: MergedSuite, reporters: OpenReporters): string[] {
  const missing: string[] = [];
  const attemptsMax = Math.max(1, ...entries.map(({ attempts }) => attempts.length));
  for (const [position, { attempts, directory, repeat, repeats }] of entries.entries()) {
    for (const [index, { run }] of attempts.entries()) {
      const place = { position, entries: entries.length, repeat, repeats, attempt: index + 1, attemptsMax };
      const ended = readable(resolve(directory, run));
      if (typeof ended === "string") missing.push(ended);
      else for (const reporter of reporters.next(place)) reporter.end(ended);
    }
  }
  return missing;
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
