import { statSync } from "node:fs";

import { systemCode, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { rootDefault } from "../../reports/runs/run-directory.ts";
import { heal, type HealedRun } from "../heal.ts";

/**
 * `scenarios heal`: exit 0 when nothing is left to undo, 3 when something could not be.
 *
 * @throws UsageError `no-runs` when there is no such folder, unless it is where runs lie by default: nothing ran there
 */
export async function healCommand(flags: { runs: string; json?: boolean }): Promise<number> {
  if (flags.runs !== rootDefault) checkFolder(flags.runs);
  const healed = await heal(flags.runs);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(healed, undefined, 2)}\n`);
  else if (healed.length === 0)
    process.stdout.write(`Nothing to heal: every run in ${flags.runs} undid what it did.\n`);
  else tellHealed(healed, (text) => process.stdout.write(text));
  return healed.some((run) => run.notUndone.length > 0) ? ExitCode.notUndone : ExitCode.pass;
}

/** Who mistypes it is not to be told that all is well. */
function checkFolder(runs: string): void {
  const next = "Name the folder that holds the runs with --runs DIR.";
  try {
    if (statSync(runs).isDirectory()) return;
  } catch (error) {
    const why = systemCode(error) === "ENOENT" ? `There is no folder ${runs}.` : `${runs}: ${systemCode(error)}.`;
    throw new UsageError(why, { code: "no-runs", next, cause: error });
  }
  throw new UsageError(`${runs} is no folder.`, { code: "no-runs", next });
}

/** Says what was found of killed runs and undone. */
export function tellHealed(healed: readonly HealedRun[], write: (text: string) => void): void {
  for (const { run, undone, notUndone } of healed) {
    write(`Healed ${run}, whose clean-up had not finished:\n`);
    for (const what of undone) write(`  undone: ${what}\n`);
    for (const left of notUndone)
      write(`  NOT undone: ${left.what}: ${left.why}\n  finish it with: ${left.finishWith}\n`);
  }
}
