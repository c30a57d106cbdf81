import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as z from "zod";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { isGood, SuiteRecord } from "../../protocol/suite.ts";
import { makeDirectories } from "../make-directories.ts";
import { withProgress } from "./suite-progress.ts";

/** Beside the run directories: what the latest command there ran. */
export const suiteFile = "suite.json";

/** Whole or not at all: beside and renamed. Gives what went wrong, if anything: the runs themselves are told of elsewhere. */
export function writeSuite(root: string, record: SuiteRecord): UsageError | null {
  const path = join(root, suiteFile);
  const fresh = `${path}.${process.pid}`;
  try {
    makeDirectories(root);
    writeFileSync(fresh, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, path);
    return null;
  } catch (error) {
    return new UsageError(`What ran could not be written to ${path}: ${messageOf(error)}.`, {
      code: "suite-file",
      next: "`--last-failed` goes by an older command until there is room.",
      cause: error,
    });
  }
}

/**
 * What the latest command under `root` ran.
 *
 * @throws UsageError `no-suite` or `broken-suite`
 */
export function readSuite(root: string): SuiteRecord {
  const path = join(root, suiteFile);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = systemCode(error) === "ENOENT" ? `There is no ${path}` : `${path} cannot be read (${messageOf(error)})`;
    throw new UsageError(`${why}: nothing says what ran there last.`, {
      code: "no-suite",
      next: "Run something first, or name the folder of the runs with --output DIR.",
      cause: error,
    });
  }
  const parsed = SuiteRecord.safeParse(jsonOf(text));
  if (parsed.success) return withProgress(root, parsed.data);
  throw new UsageError(`${path} is no record of runs: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}.`, {
    code: "broken-suite",
    next: "Remove it, or take one that was not edited.",
  });
}

/**
 * The names of those that came to no good end; what was interrupted is one of them. What was not run is one only if it
 * had come to no good end before. What `--last-failed` was told to leave out still has.
 */
export function failedLast({ entries, leftOut = [] }: SuiteRecord): ReadonlySet<string> {
  const bad = entries.filter(({ outcome, failedBefore }) =>
    outcome === "not-run" || outcome === "skipped" ? failedBefore === true : !isGood(outcome),
  );
  return new Set([...bad.map(({ scenario }) => scenario), ...leftOut]);
}

/** As `failedLast` of what lies under `root`; none where nothing can be read. */
export function failedBefore(root: string): ReadonlySet<string> {
  try {
    return failedLast(readSuite(root));
  } catch (error) {
    if (error instanceof UsageError) return new Set();
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
