import { join } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import type { ResidueVerdict } from "../../protocol/residue-report.ts";
import type { Verdict } from "../../protocol/verdict.ts";
import { isoTime } from "../text/wall-clock.ts";
import { readAftermath } from "./read-aftermath.ts";
import { readRun, recordedVerdict, type StoredRun } from "./read-run.ts";
import { runNames } from "./run-directory.ts";

/** One run in `reports list`; what cannot be read of it is null. */
export interface ListedRun {
  readonly run: string;
  readonly directory: string;
  /** ISO 8601 in UTC. */
  readonly startedAt: string | null;
  readonly scenario: string | null;
  readonly lifecycle: Verdict | null;
  /** Null too when the host was not read again. */
  readonly residue: ResidueVerdict | null;
  /** Of a run that was killed what its watchdog, or `scenarios heal`, came to; null while nobody did it. */
  readonly cleanUp: "pass" | "fail" | null;
  /** Null when the harness never came to a verdict. */
  readonly exitCode: number | null;
  readonly durationMs: number | null;
  /** Why something is missing; empty when nothing is. */
  readonly note: string;
}

/** All runs under `root`, newest first. A run that cannot be read is listed all the same, with the reason. */
export function listRuns(root: string): ListedRun[] {
  return runNames(root).map((run) => listed(run, join(root, run)));
}

function listed(run: string, directory: string): ListedRun {
  // A verdict says it all; only where there is none is the history read, which is longer.
  const read = recordedVerdict(directory);
  if ("verdict" in read) return described(run, directory, { verdict: read.verdict, recorded: true });
  try {
    return described(run, directory, readRun(directory));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const nothing = { startedAt: null, scenario: null, lifecycle: null, residue: null, cleanUp: null };
    return { run, directory, ...nothing, exitCode: null, durationMs: null, note: error.message };
  }
}

function described(
  run: string,
  directory: string,
  { verdict, recorded }: Pick<StoredRun, "verdict" | "recorded">,
): ListedRun {
  return {
    run,
    directory,
    startedAt: isoTime(verdict.startedAt),
    scenario: verdict.scenario,
    lifecycle: verdict.lifecycle,
    residue: verdict.residue?.verdict ?? null,
    cleanUp: recorded || readAftermath(directory) !== null ? verdict.cleanUp.result : null,
    exitCode: recorded ? verdict.exitCode : null,
    durationMs: Math.max(0, verdict.endedAt - verdict.startedAt),
    note: recorded ? "" : (verdict.error ?? ""),
  };
}
