import { existsSync } from "node:fs";

import { UsageError } from "../../foundation/errors.ts";
import { listRuns } from "../runs/list-runs.ts";
import { rootDefault } from "../runs/run-directory.ts";
import { runTable } from "../runs/run-table.ts";
import { streamOutput } from "../stream-output.ts";
import { faint, renderLine, renderLines } from "../text/line.ts";

export interface ListOptions {
  readonly json?: true;
  readonly root: string;
  readonly color: boolean;
}

/** `reports list`: every run under the root, newest first; none is an empty list and no error. */
export async function listCommand({ json, root, color }: ListOptions): Promise<void> {
  if (root !== rootDefault && !existsSync(root)) {
    throw new UsageError(`There is no folder ${root}.`, {
      code: "no-root",
      next: "Name the folder that holds the runs with --root DIR.",
    });
  }
  const runs = listRuns(root);
  const stdout = streamOutput(process.stdout, { color });
  if (json === true) stdout.write(`${JSON.stringify({ version: 1, runs }, null, 2)}\n`);
  else if (runs.length === 0) {
    const none = `There are no runs in ${root} yet. Make one with \`npx scenarios run withdraw-under-load\`.`;
    stdout.write(`${renderLine([faint(none)], { ...stdout, columns: none.length })}\n`);
  } else stdout.write(renderLines(runTable(runs, stdout.columns), { columns: stdout.columns, color: stdout.color }));
  await stdout.flushed();
}
