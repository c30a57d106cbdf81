import { resolve } from "node:path";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { recordedVerdict } from "../../reports/runs/read-run.ts";
import { runNames } from "../../reports/runs/run-directory.ts";
import type { ShardSuite } from "./merge-suites.ts";

export interface UnnamedRun {
  /** A sentence. */
  readonly why: string;
  readonly exitCode: number;
}

/**
 * Runs that came to no good end while a shard was at it, lie beside its record, and that the record does not name: it was
 * edited then, or another command wrote into the same folder, which the shard's own --output is there for.
 */
export function unnamedRuns(shards: readonly ShardSuite[]): UnnamedRun[] {
  return shards.flatMap(({ directory, record: { entries, startedAt, endedAt } }) => {
    const named = new Set(entries.flatMap(({ attempts }) => attempts.map(({ run }) => run)));
    return runNames(directory).flatMap((run): UnnamedRun[] => {
      if (named.has(run)) return [];
      const read = recordedVerdict(resolve(directory, run));
      if (!("verdict" in read)) return [];
      const { verdict } = read;
      const isOfShard = verdict.startedAt >= startedAt && verdict.startedAt <= endedAt;
      if (!isOfShard || verdict.exitCode === ExitCode.pass) return [];
      const why = `${directory}: ${run} ended with ${verdict.exitCode} meanwhile, and suite.json does not name it.`;
      return [{ why, exitCode: verdict.exitCode }];
    });
  });
}
