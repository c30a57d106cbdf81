import { ExitCode } from "../../foundation/exit-codes.ts";
import { heal, type HealedRun } from "../heal.ts";

/** `scenarios heal`: exit 0 when nothing is left to undo, 3 when something could not be. */
export async function healCommand(flags: { runs: string; json?: boolean }): Promise<number> {
  const healed = await heal(flags.runs);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(healed, undefined, 2)}\n`);
  else if (healed.length === 0)
    process.stdout.write(`Nothing to heal: every run in ${flags.runs} undid what it did.\n`);
  else tellHealed(healed, (text) => process.stdout.write(text));
  return healed.some((run) => run.notUndone.length > 0) ? ExitCode.notUndone : ExitCode.pass;
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
