import { resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import type { ExitCode } from "../../foundation/exit-codes.ts";
import { compareSnapshots } from "../compare-snapshots.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { settleAndCompare } from "../settle.ts";
import { loadSnapshot } from "../snapshot-file.ts";
import { exitCodeForReport, policyFrom, writeReport } from "./output.ts";

export interface DiffCommandOptions {
  readonly now?: boolean;
  readonly json?: boolean;
  readonly policy?: string;
}

/** `residue diff BEFORE AFTER` and `residue diff BEFORE --now`. */
export async function diffCommand(
  paths: { readonly before: string; readonly after: string | undefined },
  options: DiffCommandOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  if ((paths.after === undefined) !== (options.now === true)) {
    throw new UsageError("A comparison needs two sides.", {
      code: "one-side",
      next: "Give two snapshots, or one and --now.",
    });
  }
  const before = await loadSnapshot(paths.before);
  const kept = [paths.before, ...(paths.after === undefined ? [] : [paths.after])].map((path) => resolve(path));
  const context = contextOf(before, kept, options);
  if (paths.after === undefined) {
    const { report } = await settleAndCompare(before, { ...context, windowToMs: Date.now() }, { signal });
    writeReport(report, { json: options.json === true, to: process.stdout });
    return exitCodeForReport(report);
  }
  const after = await loadSnapshot(paths.after);
  const report = compareSnapshots(before, after, { ...context, windowToMs: after.endedAtMs });
  writeReport(report, { json: options.json === true, to: process.stdout });
  return exitCodeForReport(report);
}

/** Nothing is known about the run but that it was after the baseline. The snapshots themselves are kept on purpose. */
function contextOf(before: Snapshot, kept: readonly string[], options: DiffCommandOptions): AttributionContext {
  return {
    policy: policyFrom(options.policy, { narrowed: before.scope !== null }),
    runId: "",
    windowFromMs: before.startedAtMs,
    windowToMs: before.endedAtMs,
    cgroupPrefixes: [],
    agentPaths: [],
    jobPaths: [],
    harnessPaths: kept,
    processes: [],
  };
}
