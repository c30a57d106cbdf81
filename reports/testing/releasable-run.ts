import type { HistoryData, HistoryRecord, HistoryType } from "../../protocol/history.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { residueDigest } from "../runs/residue-digest.ts";
import { runFixtures } from "./run-fixtures.ts";

type Fixture = keyof typeof runFixtures;

/** A run as `reports show` reads it, whose history ends as the harness ends one: with what was judged and the exit code. */
export function releasableRun(fixture: Fixture = "passing", over: Partial<RunVerdict> = {}): StoredRun {
  const { verdict, history, runDirectory } = runFixtures[fixture]();
  // Whose it is does not matter as long as nothing is read from a file.
  const whole = { ...verdict, historySha256: "0".repeat(64), ...over };
  const run = {
    ...{ verdict: whole, history: [...history], runDirectory, lostEvidence: [], recorded: true },
  } satisfies StoredRun;
  run.history = changed(run.history, "run.started", (data) => ({
    ...{ ...data, run: whole.run, scenario: whole.scenario, seed: whole.seed },
    options: { ...data.options, ...whole.options, ...(whole.stage === "host" ? {} : { stage: whole.stage }) },
    ...(whole.retryOf === undefined ? {} : { retryOf: whole.retryOf }),
  }));
  for (const { id, title, result, detail } of whole.expectations)
    append(run.history, "expectation", { id, title, result, detail });
  append(run.history, "run.ended", {
    exitCode: whole.exitCode,
    ...(whole.residue === null ? {} : { residueDigest: residueDigest(whole.residue) }),
  });
  return run;
}

/** The run with the data of every record of a type changed. */
export function withRecords<T extends HistoryType>(
  run: StoredRun,
  type: T,
  change: (data: HistoryData<T>) => HistoryData<T>,
): StoredRun {
  return { ...run, history: changed(run.history, type, change) };
}

function changed<T extends HistoryType>(
  history: readonly HistoryRecord[],
  type: T,
  change: (data: HistoryData<T>) => HistoryData<T>,
): HistoryRecord[] {
  return history.map((record) =>
    record.type === type ? ({ ...record, data: change(record.data as HistoryData<T>) } as HistoryRecord) : record,
  );
}

function append<T extends HistoryType>(history: HistoryRecord[], type: T, data: HistoryData<T>): void {
  const own = history.filter(({ actor }) => actor === "harness");
  const [{ source } = { source: "" }] = own;
  const at = Math.max(...history.map((record) => record.at));
  history.push({ at, actor: "harness", source, sequence: own.length, type, data } as HistoryRecord);
}
