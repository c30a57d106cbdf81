import { statSync } from "node:fs";
import { join } from "node:path";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { outcomeOf } from "../../protocol/suite.ts";
import type { StoredRunRow } from "../page/page-data.ts";
import { recordedVerdict } from "../runs/read-run.ts";
import { runNames } from "../runs/run-directory.ts";
import { runTrend } from "../runs/run-trend.ts";

/** A history that has not grown for so long, and has no verdict, is that of a run that was killed. */
const quietMsMax = 120_000;
/** The names that `scenarios run` gives: what else lies there is no run. */
export const runName = /^\d{8}T\d{6}-[\w.#-]+$/;

/** A run as its own files tell it, without those around it. */
interface KnownRun {
  /** Its files as they were when they were read. */
  readonly stamp: string;
  readonly row: StoredRunRow;
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

  /** Newest first. */
  rows(): StoredRunRow[] {
    const names = runNames(this.#root).filter((name) => runName.test(name));
    for (const name of this.#known.keys()) if (!names.includes(name)) this.#known.delete(name);
    return names.map((name) => this.#row(name));
  }

  /** The directory of a run, by its name alone: nothing that is not listed leads anywhere. */
  directory(name: string): string | undefined {
    return runName.test(name) && runNames(this.#root).includes(name) ? join(this.#root, name) : undefined;
  }

  #row(name: string): StoredRunRow {
    const directory = join(this.#root, name);
    const stamp = [join(directory, "verdict.json"), join(directory, "history.jsonl")].map(stampOf);
    const key = stamp.map((one) => one?.key ?? "none").join(" ");
    const known = this.#known.get(name);
    const history = stamp[1];
    if (known !== undefined && known.stamp === key && known.row.outcome !== "running") return known.row;
    const fresh = describedRun(directory, name);
    const grows = history !== undefined && this.#nowMs() - history.changedAt < quietMsMax;
    const row = fresh.outcome === "no-verdict" && grows ? { ...fresh, outcome: "running" as const, note: "" } : fresh;
    this.#known.set(name, { stamp: key, row });
    return row;
  }
}

function describedRun(directory: string, run: string): StoredRunRow {
  const read = recordedVerdict(directory);
  if (!("verdict" in read)) {
    // Its name says when it began, and what it is.
    const scenario = run.slice("20260131T101500-".length);
    const nothing = { stage: null, startedAt: null, tookMs: null, exitCode: null, lifecycle: null, residue: null };
    const figures = { findings: null, freezeP99Ms: null, withdrawalP99Ms: null };
    return { run, scenario, ...nothing, ...figures, outcome: "no-verdict", note: read.why };
  }
  const { verdict } = read;
  const { scenario, stage, startedAt, endedAt, exitCode, lifecycle, residue, retryOf = [] } = verdict;
  // It was retried because no earlier attempt passed, however each of them failed.
  const outcome = outcomeOf([...retryOf.map(() => ExitCode.fail), exitCode]);
  return {
    ...{ run, scenario, stage, startedAt, tookMs: Math.max(0, endedAt - startedAt), outcome, exitCode, lifecycle },
    ...{ residue: residue?.verdict ?? null, findings: residue?.findings.length ?? null, note: "" },
    ...runTrend(directory),
  };
}

function stampOf(path: string): { readonly key: string; readonly changedAt: number } | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined
    ? undefined
    : { key: `${status.ino} ${status.size} ${status.mtimeMs}`, changedAt: status.mtimeMs };
}
