import { readdirSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

import type { HistoryRecord } from "../protocol/history.ts";
import type { EndedRun } from "../reports/reporter.ts";
import { readRun } from "../reports/runs/read-run.ts";

const launcher = join(import.meta.dirname, "../bin/scenarios.mjs");

/**
 * A run of at least so many events: one that was played in virtual time, again and again, each time later and with jobs
 * and leases of its own.
 *
 * @param place an empty directory for the run that was played
 * @throws Error when that fails
 */
export function longRun(place: string, events: number): EndedRun {
  const parameters = [
    "run",
    "rapid-pause-resume",
    "--stage",
    "sim",
    "--cycles",
    "300",
    "--seed",
    "long",
    "--runs",
    place,
  ];
  const { status, stderr } = spawnSync(process.execPath, [launcher, ...parameters], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The run in virtual time ended with ${status}: ${stderr}`);
  const [name] = readdirSync(place, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const run = readRun(join(place, name?.name ?? ""));
  const lasted = run.verdict.endedAt - run.verdict.startedAt + 1_000;
  const history: HistoryRecord[] = [];
  for (let round = 0; history.length < events; round += 1) {
    for (const record of run.history)
      history.push(shifted(record, { round, byMs: round * lasted, count: run.history.length }));
  }
  return { ...run, history };
}

function shifted(
  record: HistoryRecord,
  { round, byMs, count }: { round: number; byMs: number; count: number },
): HistoryRecord {
  const text = JSON.stringify(record.data).replaceAll(/"(job|lease)-/g, `"$1-${round}-`);
  const data: unknown = JSON.parse(text);
  return { ...record, at: record.at + byMs, sequence: record.sequence + round * count, data } as HistoryRecord;
}
