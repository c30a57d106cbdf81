import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResidueReport } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import type { RecordingSource } from "../core/recorded-run.ts";
import { unrecorded } from "../core/unrecorded.ts";
import { settleAndCompare } from "../settle.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { startRecorder } from "../watch/recorder.ts";
import { codeWhenLost, exitCodeForReport, policyOf, writeReport } from "./output.ts";
import type { Interruption } from "./interruption.ts";
import { withLiveLine } from "./live-line.ts";
import { killLeftovers } from "./leftovers.ts";
import { openReportFiles, type ReportFiles } from "./report-file.ts";
import { RunCgroup } from "./run-cgroup.ts";
import { type CommandEnd, runCommand } from "./watched-command.ts";

export interface RunCommandOptions {
  readonly policy?: string;
  readonly policyFile?: string;
  readonly sarif?: string;
  readonly json?: boolean;
  readonly report?: string;
  readonly root?: string[];
  readonly killLeftovers?: boolean;
  /** False where nothing is to be recorded. */
  readonly recorder?: boolean;
}

/** `residue run -- COMMAND…`: runs any command and tells what it left on the host. */
export async function runWatched(
  command: readonly string[],
  options: RunCommandOptions,
  interruption: Interruption,
): Promise<ExitCode> {
  const isRecorded = options.recorder !== false;
  const judged = policyOf(options, { narrowed: options.root !== undefined || !isRecorded });
  return await interruption.heldDuring(async () => {
    const files = await openReportFiles(options);
    try {
      return await runAndReport(command, { ...options, judged, files, interruption });
    } finally {
      await files.close();
    }
  });
}

interface RunOrder extends RunCommandOptions {
  readonly judged: ReturnType<typeof policyOf>;
  readonly files: ReportFiles;
  readonly interruption: Interruption;
}

async function runAndReport(command: readonly string[], options: RunOrder): Promise<ExitCode> {
  // Before the baseline, so that whoever changes something between the two readings is known.
  const recorder = options.recorder === false ? null : await startRecorder();
  try {
    return await runRecorded(command, { ...options, recording: recorder ?? unrecorded(notWanted) });
  } finally {
    await recorder?.close();
  }
}

const notWanted = "weaker: a change is told by the marks that it bears alone, and those can be taken off";

async function runRecorded(
  command: readonly string[],
  options: RunOrder & { readonly recording: RecordingSource },
): Promise<ExitCode> {
  const { files, interruption, judged, recording } = options;
  const runId = randomBytes(8).toString("hex");
  const scope = options.root === undefined ? {} : { roots: options.root };
  const before = await withLiveLine("Reading the host before the command", () =>
    interruption.during((signal) => takeSnapshot({ ...scope, signal })),
  );
  const cgroup = RunCgroup.create(runId);
  let exitCode: ExitCode;
  let kept: string | null = null;
  try {
    // A signal that came meanwhile is heard in the next turn.
    await setImmediate();
    interruption.signal.throwIfAborted();
    const windowFromMs = Date.now();
    const end = await interruption.leftTo(async () => await runCommand(command, { runId, cgroup }));
    cgroup?.removeIfEmpty();
    const context: AttributionContext = {
      ...judged,
      runId,
      windowFromMs,
      windowToMs: Date.now(),
      cgroupPrefixes: cgroup === null ? [] : [cgroup.directory],
      agentPaths: [],
      jobPaths: [],
      harnessPaths: [],
      processes: end.processes,
      markedRole: "job",
    };
    const { report } = await withLiveLine("Reading the host after the command", () =>
      interruption.during((signal) => settleAndCompare(before, context, { signal, recorder: recording })),
    );
    writeReport(report, { json: options.json === true, to: process.stderr });
    const lost = await files.write(report);
    for (const problem of lost) process.stderr.write(`${problem}\n`);
    if (options.killLeftovers === true) process.stderr.write(`Killed ${killLeftovers(report)} leftover processes.\n`);
    exitCode = chooseExitCode(report, end);
    if (lost.length > 0) exitCode = codeWhenLost(exitCode) as ExitCode;
  } finally {
    kept = (await cgroup?.remove({ withBelow: options.killLeftovers === true })) ?? null;
    if (kept !== null) process.stderr.write(`${kept}\n`);
  }
  if (kept === null) return exitCode;
  process.stderr.write(`This exit code is ${ExitCode.notUndone}, which outweighs ${exitCode}.\n`);
  return ExitCode.notUndone;
}

/** Residue outweighs how the command itself ended; a command that failed without residue passes its code on. */
function chooseExitCode(report: ResidueReport, end: CommandEnd): ExitCode {
  const residueCode = exitCodeForReport(report);
  if (end.exitCode === 0) return residueCode;
  const ended = end.signal === null ? `exit code ${end.exitCode}` : `signal ${end.signal}`;
  const chosen = residueCode === ExitCode.pass ? end.exitCode : residueCode;
  const why = residueCode === ExitCode.pass ? "the command's own" : "the residue verdict's, which outweighs it";
  process.stderr.write(`The command itself ended with ${ended}. This exit code is ${chosen}: ${why}.\n`);
  return chosen as ExitCode;
}
