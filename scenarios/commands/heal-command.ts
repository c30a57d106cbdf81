import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { systemCode, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { aftermathSentence } from "../../reports/runs/read-aftermath.ts";
import { rootDefault } from "../../reports/runs/run-directory.ts";
import { counted } from "../../reports/text/duration.ts";
import { heal, type HealedRun } from "../heal.ts";
import { ownerFile } from "../run-directory.ts";

const watchedNamedMax = 5;

/**
 * `scenarios heal`: exit 0 when nothing is left to undo, 3 when something could not be.
 *
 * @throws UsageError `no-runs` when there is no such folder, unless it is where runs lie by default: nothing ran there
 */
export async function healCommand(flags: { runs: string; json?: boolean }): Promise<number> {
  if (flags.runs !== rootDefault) checkFolder(flags.runs);
  const { healed, running, watched } = await heal(flags.runs);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(healed, undefined, 2)}\n`);
  else {
    process.stdout.write(watchedLines(watched));
    for (const run of running) process.stdout.write(`${run} is still at work: it undoes what it does itself.\n`);
    if (healed.length > 0) tellHealed(healed, (text) => process.stdout.write(text));
    else if (running.length + watched.length > 0)
      process.stdout.write(`Nothing else to heal in ${resolve(flags.runs)}.\n`);
    else process.stdout.write(`Nothing to heal: every run in ${resolve(flags.runs)} undid what it did.\n`);
  }
  return healed.some((run) => run.notUndone.length > 0) ? ExitCode.notUndone : ExitCode.pass;
}

/** The latest ones: a folder may hold runs of months. */
function watchedLines(watched: Awaited<ReturnType<typeof heal>>["watched"]): string {
  const named = watched.slice(-watchedNamedMax).map(({ run, aftermath }) => {
    return `${run} was killed. ${aftermathSentence(aftermath)}\n`;
  });
  const more = watched.length - named.length;
  return [
    ...(more > 0 ? [`Of ${counted(more, "earlier run")} that were killed the watchdogs undid everything, too.\n`] : []),
    ...named,
  ].join("");
}

/** Who mistypes it is not to be told that all is well. */
function checkFolder(runs: string): void {
  const next = "Name the folder that holds the runs with --runs DIR.";
  if (existsSync(join(runs, ownerFile))) {
    const folder = dirname(realpathSync(runs));
    throw new UsageError(`${runs} is a run itself.`, {
      code: "no-runs",
      next: `Heal all that lie beside it: --runs ${folder}`,
    });
  }
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
