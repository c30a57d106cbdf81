import { relative } from "node:path";

import { fileOutput } from "../file-output.ts";
import { runPageParts } from "../html/run-page.ts";
import { findRun } from "../runs/run-directory.ts";
import { readRun } from "../runs/read-run.ts";
import { streamOutput } from "../stream-output.ts";

export interface HtmlOptions {
  readonly output?: string;
  readonly root: string;
}

/**
 * `reports html`: the page of one run, derived again from what it left; says where it is. Not in the run's directory,
 * whose files are attested.
 *
 * @throws UsageError `page-not-built`, `output`, and those of finding and reading a run
 */
export async function htmlCommand(wanted: string, { output, root }: HtmlOptions): Promise<void> {
  const directory = findRun(wanted, root);
  const path = output ?? `${directory}.html`;
  const parts = runPageParts(readRun(directory));
  // Before the file is emptied: whatever is wrong with the run or the bundle is told first.
  const first = parts.next();
  const file = fileOutput(path, { name: "page", code: "output" });
  if (first.done !== true) file.write(first.value);
  for (const part of parts) file.write(part);
  const unwritten = file.close();
  if (unwritten !== null) throw unwritten;
  const stdout = streamOutput(process.stdout);
  stdout.write(`${relative(process.cwd(), path) || path}\n`);
  await stdout.flushed();
}
