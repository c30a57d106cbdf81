import type { StoredRun } from "../runs/read-run.ts";
import type { Objection } from "./run-check.ts";

/** A run that is brought forward for a release. */
export interface Candidate {
  readonly run: StoredRun;
  /** The sandbox drivers that its agents used, by their own records. */
  readonly drivers: readonly string[];
  /** Why it is not good enough; empty where it is. */
  readonly objections: readonly Objection[];
}

export function driversOf({ history }: StoredRun): string[] {
  const drivers = history.flatMap((record) => (record.type === "agent.started" ? [record.data.driver] : []));
  return [...new Set(drivers)].toSorted();
}
