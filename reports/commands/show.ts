import { writeFileSync } from "node:fs";

import { systemCode, UsageError } from "../../foundation/errors.ts";
import { createReporter } from "../create-reporter.ts";
import type { ReporterName } from "../reporter-names.ts";
import type { ReporterOutput } from "../reporter.ts";
import { findRun } from "../runs/run-directory.ts";
import { readRun } from "../runs/read-run.ts";
import { streamOutput } from "../stream-output.ts";

export interface ShowOptions {
  readonly format: ReporterName;
  readonly output?: string;
  readonly root: string;
  readonly color: boolean;
}

/** `reports show`: derives the report of one run again, from its history and verdict. */
export async function showCommand(wanted: string, { format, output, root, color }: ShowOptions): Promise<void> {
  const run = readRun(findRun(wanted, root));
  if (output !== undefined) {
    let text = "";
    createReporter(format, { ...fileOutput, write: (more) => (text += more) }).end(run);
    writeReport(output, text);
    return;
  }
  const stdout = streamOutput(process.stdout, { color });
  createReporter(format, stdout).end(run);
  await stdout.flushed();
}

const fileOutput: Omit<ReporterOutput, "write"> = { columns: 100, color: false, live: false };

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`Cannot write the report to ${path}: ${systemCode(error) ?? String(error)}.`, {
      code: "output",
      next: "Name a file in a folder that exists and that you may write to.",
      cause: error,
    });
  }
}
