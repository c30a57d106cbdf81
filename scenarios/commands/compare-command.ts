import { ExitCode } from "../../foundation/exit-codes.ts";
import { compareRuns } from "../../reports/comparison/compare-runs.ts";
import { comparisonLines } from "../../reports/comparison/comparison-lines.ts";
import { findRun } from "../../reports/runs/run-directory.ts";
import { readRun } from "../../reports/runs/read-run.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { renderLines } from "../../reports/text/line.ts";

export interface CompareFlags {
  readonly runs: string;
  readonly json?: boolean;
}

/** `scenarios compare A B`: exit 1 when B is worse. */
export function compareCommand(a: string, b: string, flags: CompareFlags): number {
  const [one, other] = [a, b].map((wanted) => readRun(findRun(wanted, flags.runs, "--runs"))) as [
    ReturnType<typeof readRun>,
    ReturnType<typeof readRun>,
  ];
  for (const { verdict, altered } of [one, other]) {
    if (altered !== undefined) process.stderr.write(`${verdict.run}: ${altered}\n`);
  }
  const comparison = compareRuns(one, other);
  const output = streamOutput(process.stdout);
  if (flags.json === true) output.write(`${JSON.stringify({ version: 1, ...comparison }, undefined, 2)}\n`);
  else output.write(renderLines(comparisonLines(comparison), output));
  return comparison.worse ? ExitCode.fail : ExitCode.pass;
}
