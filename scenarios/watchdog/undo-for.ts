import { existsSync } from "node:fs";
import { setTimeout as pauseFor } from "node:timers/promises";
import { inspect } from "node:util";

import { present } from "../../foundation/assert.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { readAftermath } from "../../reports/runs/read-aftermath.ts";
import { removeDeadInstances } from "../../residue-scanner/watch/calls/dead-instances.ts";
import { undoRun } from "../heal.ts";
import { isRunning, type RunDirectory, runDirectoryAt } from "../run-directory.ts";
import { withUndoLock } from "../undo/undo-lock.ts";
import { writeAftermath } from "../write-aftermath.ts";

/** The kernel closes what a process held before it is dead altogether; that takes no time worth the name. */
const deadWithinMs = 10_000;
const lookEveryMs = 5;

/**
 * What a run's watchdog does when the harness has ended and had not dismissed it: undoes what the run did, and writes
 * that down in its directory. What it cannot do it says in its log, `logs/watchdog.log`; `scenarios heal` does the rest.
 */
async function undoFor(directory: RunDirectory): Promise<ExitCode> {
  const deadline = performance.now() + deadWithinMs;
  while (isRunning(directory)) {
    if (performance.now() > deadline) throw new Error(`the harness of ${directory.run} is alive`);
    await pauseFor(lookEveryMs);
  }
  return await withUndoLock(directory.undo, async () => {
    const undone = await undoRun(directory, "watchdog", await removeDeadInstances());
    // Killed before it did anything, or between the last undoing and the verdict: that is said too.
    if (undone === null && !existsSync(directory.verdict) && readAftermath(directory.path) === null) {
      writeAftermath(directory.path, { by: "watchdog", undone: [], notUndone: [] });
    }
    for (const left of undone?.notUndone ?? []) {
      process.stderr.write(`NOT undone: ${left.what}: ${left.why}\nfinish it with: ${left.finishWith}\n`);
    }
    return (undone?.notUndone.length ?? 0) > 0 ? ExitCode.notUndone : ExitCode.pass;
  });
}

try {
  process.exitCode = await undoFor(runDirectoryAt(present(process.argv[2], "the run's directory")));
} catch (error) {
  process.stderr.write(`The watchdog could not undo it: ${inspect(error)}\nUndo it with: npx scenarios heal\n`);
  process.exitCode = ExitCode.notUndone;
}
