import { statSync } from "node:fs";
import { join } from "node:path";

import { type Outcome, outcomeOf } from "../../protocol/suite.ts";
import type { StoredOutcome, StoredRunRow } from "../page/page-data.ts";
import { recordedVerdict } from "../runs/read-run.ts";
import { runNames } from "../runs/run-directory.ts";
import { runTrend } from "../runs/run-trend.ts";

/** A history that has not grown for so long, and has no verdict, is that of a run that was killed. */
const quietMsMax = 120_000;
/** A further attempt begins as soon as the one before has ended; whoever runs the same seed again later looks for something. */
const retryMsMax = 10_000;
/** The names that `scenarios run` gives: what else lies there is no run. */
export const runName = /^\d{8}T\d{6}-[\w.#-]+$/;

/** A run as its own files tell it, without those around it. */
interface KnownRun {
  /** Its files as they were when they were read. */
  readonly stamp: string;
  readonly row: StoredRunRow;
  readonly seed: string | null;
}

/** The runs under a folder. What has not changed is not read again. */
export class StoredRuns {
  readonly #root: string;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, KnownRun>();

  constructor(root: string, nowMs: () => number) {
    this.#root = root;
    this.#nowMs = nowMs;
  }

  /** Newest first. A pass after an attempt of the same seed that was none is flaky. */
  rows(): StoredRunRow[] {
    const names = runNames(this.#root).filter((name) => runName.test(name));
    const runs = names.map((name) => this.#run(name));
    for (const name of this.#known.keys()) if (!names.includes(name)) this.#known.delete(name);
    return runs.map((run, index) => {
      const { row, seed } = run;
      if (row.outcome !== "passed" || seed === null) return row;
      const same = ({ row: { scenario, stage } }: KnownRun) => scenario === row.scenario && stage === row.stage;
      const before = runs.slice(index + 1).find(same);
      return before !== undefined && isRetry(run, before)
        ? { ...row, outcome: outcomeOf([before.row.exitCode ?? 0, 0]) }
        : row;
    });
  }

  /** The directory of a run, by its name alone: nothing that is not listed leads anywhere. */
  directory(name: string): string | undefined {
    return runName.test(name) && runNames(this.#root).includes(name) ? join(this.#root, name) : undefined;
  }

  #run(name: string): KnownRun {
    const directory = join(this.#root, name);
    const stamp = [join(directory, "verdict.json"), join(directory, "history.jsonl")].map(stampOf);
    const key = stamp.map((one) => one?.key ?? "none").join(" ");
    const known = this.#known.get(name);
    const history = stamp[1];
    if (known !== undefined && known.stamp === key && known.row.outcome !== "running") return known;
    const fresh = describedRun(directory, name);
    const grows = history !== undefined && this.#nowMs() - history.changedAt < quietMsMax;
    const row = fresh.row.outcome === "no-verdict" && grows ? { ...fresh.row, outcome: "running" as const } : fresh.row;
    const run = { stamp: key, row, seed: fresh.seed };
    this.#known.set(name, run);
    return run;
  }
}

function isRetry(run: KnownRun, before: KnownRun): boolean {
  const { startedAt, tookMs, exitCode } = before.row;
  if (run.seed !== before.seed || exitCode === null || exitCode === 0) return false;
  const gapMs = (run.row.startedAt ?? Infinity) - ((startedAt ?? 0) + (tookMs ?? 0));
  return gapMs >= 0 && gapMs < retryMsMax;
}

function describedRun(directory: string, run: string): { row: StoredRunRow; seed: string | null } {
  const read = recordedVerdict(directory);
  if (!("verdict" in read)) {
    // Its name says when it began, and what it is.
    const scenario = run.slice("20260131T101500-".length);
    const nothing = { stage: null, startedAt: null, tookMs: null, exitCode: null, lifecycle: null, residue: null };
    const figures = { findings: null, freezeP99Ms: null, withdrawalP99Ms: null };
    return { row: { run, scenario, ...nothing, ...figures, outcome: "no-verdict", note: read.why }, seed: null };
  }
  const { verdict } = read;
  const { scenario, stage, startedAt, endedAt, exitCode, lifecycle, residue, seed } = verdict;
  const outcome: Outcome | StoredOutcome = outcomeOf([exitCode]);
  return {
    row: {
      ...{ run, scenario, stage, startedAt, tookMs: Math.max(0, endedAt - startedAt), outcome, exitCode, lifecycle },
      ...{ residue: residue?.verdict ?? null, findings: residue?.findings.length ?? null, note: "" },
      ...runTrend(directory),
    },
    seed,
  };
}

function stampOf(path: string): { readonly key: string; readonly changedAt: number } | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined
    ? undefined
    : { key: `${status.ino} ${status.size} ${status.mtimeMs}`, changedAt: status.mtimeMs };
}
