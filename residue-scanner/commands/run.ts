import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResiduePolicy, ResidueReport } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import type { RecordingSource } from "../core/recorded-run.ts";
import { unrecorded } from "../core/unrecorded.ts";
import { cronDwellMs, dwellAndCompare } from "../dwell.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { startRecorder } from "../watch/recorder.ts";
import { codeWhenLost, exitCodeForReport, policyOf, writeReport } from "./output.ts";
import type { Interruption } from "./interruption.ts";
import { Canaries } from "./canaries.ts";
import { removeAbandoned } from "./abandoned.ts";
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
  /** In seconds; false for not at all. */
  readonly dwell?: string | false;
}

/** `residue run -- COMMAND…`: runs any command and tells what it left on the host. */
export async function runWatched(
  command: readonly string[],
  options: RunCommandOptions,
  interruption: Interruption,
): Promise<ExitCode> {
  const isRecorded = options.recorder !== false;
  const judged = policyOf(options, { narrowed: options.root !== undefined || !isRecorded });
  const dwellMs = dwellMsFrom(options.dwell, judged.policy);
  return await interruption.heldDuring(async () => {
    const files = await openReportFiles(options);
    try {
      return await runAndReport(command, { ...options, judged, dwellMs, files, interruption });
    } finally {
      await files.close();
    }
  });
}

interface RunOrder extends RunCommandOptions {
  readonly judged: ReturnType<typeof policyOf>;
  readonly dwellMs: number;
  readonly files: ReportFiles;
  readonly interruption: Interruption;
}

async function runAndReport(command: readonly string[], options: RunOrder): Promise<ExitCode> {
  for (const removed of removeAbandoned()) process.stderr.write(`${removed}\n`);
  // Of the whole host only: in a directory that somebody chose, nobody wants a stranger's file.
  const canaries = options.root === undefined ? await Canaries.prepare() : null;
  try {
    // Before the baseline, so that whoever changes something between the two readings is known.
    const recorder = options.recorder === false ? null : await startRecorder();
    try {
      return await runRecorded(command, { ...options, canaries, recording: recorder ?? unrecorded(notWanted) });
    } finally {
      await recorder?.close();
    }
  } finally {
    await canaries?.remove();
  }
}

const notWanted = "weaker: a change is told by the marks that it bears alone, and those can be taken off";

async function runRecorded(
  command: readonly string[],
  options: RunOrder & { readonly recording: RecordingSource; readonly canaries: Canaries | null },
): Promise<ExitCode> {
  const { files, interruption, judged, recording, canaries, dwellMs } = options;
  const runId = randomBytes(8).toString("hex");
  const scope = options.root === undefined ? {} : { roots: options.root };
  const before = await withLiveLine("Reading the host before the command", () =>
    interruption.during((signal) => takeSnapshot({ ...scope, signal, isKept: true })),
  );
  const cgroup = RunCgroup.create(runId);
  let exitCode: ExitCode;
  let kept: string | null = null;
  try {
    // A signal that came meanwhile is heard in the next turn.
    await setImmediate();
    interruption.signal.throwIfAborted();
    const windowFromMs = Date.now();
    const planters = (await canaries?.plant({ runId, cgroup })) ?? [];
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
      processes: [...end.processes, ...planters],
      ...(canaries !== null && { canaries: canaries.planted }),
      markedRole: "job",
    };
    const doing = dwellMs === 0 ? "" : `, and again in ${Math.round(dwellMs / 1000)} s`;
    const { report } = await withLiveLine(`Reading the host after the command${doing}`, () =>
      interruption.during((signal) => dwellAndCompare(before, context, { signal, recorder: recording, dwellMs })),
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

/**
 * How long what was delegated is waited for: as long as was asked; else two minutes of cron under the policy `strict`.
 *
 * @throws UsageError for what is no number of seconds
 */
function dwellMsFrom(dwell: string | false | undefined, policy: ResiduePolicy): number {
  if (dwell === false) return 0;
  if (dwell === undefined) return policy === "strict" ? cronDwellMs : 0;
  const seconds = Number(dwell);
  if (dwell.trim() !== "" && seconds >= 0 && seconds <= dwellSecondsMax) return seconds * 1000;
  throw new UsageError(`"${dwell}" is no number of seconds.`, {
    code: "dwell",
    next: `Give --dwell a number from 0 to ${dwellSecondsMax}.`,
  });
}

const dwellSecondsMax = 86_400;

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
