import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResidueReport } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import { settleAndCompare } from "../settle.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { codeWhenLost, exitCodeForReport, policyFrom, writeReport } from "./output.ts";
import type { Interruption } from "./interruption.ts";
import { killLeftovers } from "./leftovers.ts";
import { ReportFile } from "./report-file.ts";
import { RunCgroup } from "./run-cgroup.ts";
import { type CommandEnd, runCommand } from "./watched-command.ts";

export interface RunCommandOptions {
  readonly policy?: string;
  readonly json?: boolean;
  readonly report?: string;
  readonly root?: string[];
  readonly killLeftovers?: boolean;
}

/** `residue run -- COMMAND…`: runs any command and tells what it left on the host. */
export async function runWatched(
  command: readonly string[],
  options: RunCommandOptions,
  interruption: Interruption,
): Promise<ExitCode> {
  return await interruption.heldDuring(async () => {
    const reportFile = options.report === undefined ? null : await ReportFile.open(options.report);
    try {
      return await runAndReport(command, { ...options, reportFile, interruption });
    } finally {
      await reportFile?.close();
    }
  });
}

async function runAndReport(
  command: readonly string[],
  options: Omit<RunCommandOptions, "report"> & { reportFile: ReportFile | null; interruption: Interruption },
): Promise<ExitCode> {
  const { reportFile, interruption } = options;
  const policy = policyFrom(options.policy, { narrowed: options.root !== undefined });
  const runId = randomBytes(8).toString("hex");
  const scope = options.root === undefined ? {} : { roots: options.root };
  const before = await interruption.during((signal) => takeSnapshot({ ...scope, signal }));
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
      policy,
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
    const { report } = await interruption.during((signal) => settleAndCompare(before, context, { signal }));
    writeReport(report, { json: options.json === true, to: process.stderr });
    const lost = (await reportFile?.write(report)) ?? null;
    if (lost !== null) process.stderr.write(`${lost}\n`);
    if (options.killLeftovers === true) process.stderr.write(`Killed ${killLeftovers(report)} leftover processes.\n`);
    exitCode = chooseExitCode(report, end);
    if (lost !== null) exitCode = codeWhenLost(exitCode) as ExitCode;
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
