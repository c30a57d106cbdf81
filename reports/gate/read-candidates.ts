import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";

import { UsageError } from "../../foundation/errors.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import { findRun } from "../runs/run-directory.ts";
import { readRun, type StoredRun } from "../runs/read-run.ts";
import { touchedHost } from "./run-check.ts";

/**
 * Reads the runs that somebody names, each once, however often it is named (`latest` is one of the others too).
 *
 * @throws UsageError `copied-run` when a run stands in two directories: repeats that were copied prove nothing
 */
export function readCandidates(wanted: readonly string[], root: string): StoredRun[] {
  const directories = new Set(wanted.map((name) => realpathSync(findRun(name, root))));
  const seen = new Map<string, string>();
  return [...directories].map((directory) => {
    const run = readRun(directory);
    for (const key of identitiesOf(run)) {
      const other = seen.get(key);
      if (other !== undefined) throw copied(directory, other);
      seen.set(key, directory);
    }
    return run;
  });
}

/**
 * What no two runs share: the name, the instances of its agents, and what happened when, in whatever order it is written.
 * Of two simulated runs of one seed only the names differ, so that the second says nothing that the first did not.
 */
function identitiesOf(run: StoredRun): string[] {
  const { verdict, history } = run;
  const hash = createHash("sha256");
  for (const record of history.toSorted(bySource)) {
    if (record.type !== "run.started") hash.update(`${JSON.stringify(record)}\n`);
  }
  // An instance is one start of a real process; a modelled one's follows from the seed.
  const agents = touchedHost(run) ? history.filter(({ actor }) => actor === "agent") : [];
  const instances = new Set(agents.map(({ source }) => source).filter((source) => uuid.test(source)));
  const told = [...instances].map((instance) => `instance ${instance}`);
  return [`run ${verdict.run}`, `history ${hash.digest("hex")}`, ...told];
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

function bySource(one: HistoryRecord, other: HistoryRecord): number {
  if (one.source !== other.source) return one.source < other.source ? -1 : 1;
  return one.sequence - other.sequence;
}

function copied(directory: string, other: string): UsageError {
  return new UsageError(`${directory} and ${other} are the same run, or simulated runs of the same seed.`, {
    code: "copied-run",
    next: "Name each run once; a repeat is a run of its own, and in virtual time with a seed of its own.",
  });
}
