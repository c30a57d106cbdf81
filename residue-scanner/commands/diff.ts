import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";

import { UsageError } from "../../foundation/errors.ts";
import type { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResidueReport } from "../../protocol/residue-report.ts";
import { compareSnapshots } from "../compare-snapshots.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { settleAndCompare } from "../settle.ts";
import { loadSnapshot } from "../snapshot-file.ts";
import { withLiveLine } from "./live-line.ts";
import { codeWhenLost, exitCodeForReport, policyOf, writeReport } from "./output.ts";
import { openReportFiles } from "./report-file.ts";

export interface DiffCommandOptions {
  readonly now?: boolean;
  readonly json?: boolean;
  readonly policy?: string;
  readonly policyFile?: string;
  /** Where the report goes as SARIF as well. */
  readonly sarif?: string;
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
  // A signal that came meanwhile is heard in the next turn.
  await setImmediate();
  signal.throwIfAborted();
  const kept = [paths.before, paths.after, options.sarif]
    .filter((path) => path !== undefined)
    .map((path) => resolve(path));
  const context = contextOf(before, kept, options);
  const files = await openReportFiles({ sarif: options.sarif });
  try {
    const report = await compare(paths.after, { before, context, signal });
    writeReport(report, { json: options.json === true, to: process.stdout });
    const lost = await files.write(report);
    for (const problem of lost) process.stderr.write(`${problem}\n`);
    const exitCode = exitCodeForReport(report);
    return lost.length > 0 ? (codeWhenLost(exitCode) as ExitCode) : exitCode;
  } finally {
    await files.close();
  }
}

async function compare(
  path: string | undefined,
  { before, context, signal }: { before: Snapshot; context: AttributionContext; signal: AbortSignal },
): Promise<ResidueReport> {
  if (path !== undefined) {
    const after = await loadSnapshot(path);
    const then = { ...context, windowToMs: after.endedAtMs };
    return await withLiveLine("Comparing", () => compareSnapshots(before, after, then, { signal }));
  }
  const now = { ...context, windowToMs: Date.now() };
  return (await withLiveLine("Reading the host", () => settleAndCompare(before, now, { signal }))).report;
}

/** Nothing is known about the run but that it was after the baseline. The snapshots themselves are kept on purpose. */
function contextOf(before: Snapshot, kept: readonly string[], options: DiffCommandOptions): AttributionContext {
  return {
    ...policyOf(options, { narrowed: before.scope !== null }),
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
