import { existsSync } from "node:fs";

import type { NotUndone } from "../protocol/verdict.ts";
import { isAlive } from "./stages/host/proc.ts";
import { isRunning, listRuns } from "./run-directory.ts";
import { UndoLedger } from "./undo/undo-ledger.ts";
import { describeUndo, goneWith } from "./undo/undo-action.ts";

export interface Healing {
  readonly healed: readonly HealedRun[];
  /** Runs that are still at work: they undo what they do themselves. */
  readonly running: readonly string[];
}

export interface HealedRun {
  readonly run: string;
  /** What was found open and is undone now, in words. */
  readonly undone: readonly string[];
  readonly notUndone: readonly NotUndone[];
}

/** Finds the runs under `root` that have ended, or whose harness is dead, and whose deeds are not undone; undoes them. */
export async function heal(root: string): Promise<Healing> {
  const healed: HealedRun[] = [];
  const running: string[] = [];
  for (const directory of listRuns(root)) {
    if (!existsSync(directory.undo)) continue;
    // A run says its verdict when it has undone what it could; its command may go on with others.
    if (isRunning(directory) && !existsSync(directory.verdict)) {
      running.push(directory.run);
      continue;
    }
    const ledger = UndoLedger.open(directory.undo);
    try {
      if (ledger.open.length === 0 && ledger.spoiledLines.length === 0) continue;
      const before = ledger.open
        .map((action) => ({ what: describeUndo(action), note: goneWith(action, isAlive) }))
        .reverse();
      const notUndone = [...(await ledger.undoAll()), ...spoiled(directory.undo, ledger.spoiledLines)];
      const failed = new Set(notUndone.map((left) => left.what));
      healed.push({
        run: directory.run,
        undone: before.filter(({ what }) => !failed.has(what)).map(inWords),
        notUndone,
      });
    } finally {
      ledger.close();
    }
  }
  return { healed, running };
}

const inWords = ({ what, note }: { what: string; note: string | undefined }): string =>
  note === undefined ? what : `${what} (${note})`;

/** Deeds that the ledger no longer tells: somebody must look. */
function spoiled(file: string, lines: readonly number[]): NotUndone[] {
  if (lines.length === 0) return [];
  return [
    {
      what: `what line ${lines.join(", ")} of ${file} said`,
      why: "it cannot be read, so nobody knows what it was to undo",
      finishWith: `ls -d /tmp/houseguest-*; grep -lsz ^HOUSEGUEST_RUN= /proc/[0-9]*/environ; rm '${file}'`,
    },
  ];
}
