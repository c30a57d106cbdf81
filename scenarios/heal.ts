import { existsSync } from "node:fs";

import type { Aftermath, Healer } from "../protocol/aftermath.ts";
import type { NotUndone } from "../protocol/verdict.ts";
import { readAftermath } from "../reports/runs/read-aftermath.ts";
import { removeDeadInstances } from "../residue-scanner/watch/calls/dead-instances.ts";
import type { DeadInstances } from "../residue-scanner/watch/calls/instance-name.ts";
import { isRunning, listRuns, ownerOf, type RunDirectory } from "./run-directory.ts";
import { isAlive } from "./stages/host/proc.ts";
import { describeUndo, goneWith } from "./undo/undo-action.ts";
import { UndoLedger } from "./undo/undo-ledger.ts";
import { withUndoLock } from "./undo/undo-lock.ts";
import { writeAftermath } from "./write-aftermath.ts";

export interface Healing {
  readonly healed: readonly HealedRun[];
  /** Runs that are still at work: they undo what they do themselves. */
  readonly running: readonly string[];
  /** Runs whose harness was killed, and what their watchdogs undid at once; nothing is left of them. */
  readonly watched: readonly { readonly run: string; readonly aftermath: Aftermath }[];
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
  const tracers = await removeDeadInstances();
  const watched: { run: string; aftermath: Aftermath }[] = [];
  for (const directory of listRuns(root)) {
    if (!existsSync(directory.undo)) continue;
    // A run says its verdict when it has undone what it could; its command may go on with others.
    if (isRunning(directory) && !existsSync(directory.verdict)) {
      running.push(directory.run);
      continue;
    }
    // Its watchdog may be at it: then there is nothing left when the lock is free.
    const run = await withUndoLock(directory.undo, async () => await undoRun(directory, "heal", tracers));
    const aftermath = run === null ? readAftermath(directory.path) : null;
    if (run !== null) healed.push(run);
    else if (aftermath?.by === "watchdog") watched.push({ run: directory.run, aftermath });
  }
  return { healed, running, watched };
}

/**
 * Undoes what one run left whose harness is surely dead, and writes that down. For whoever holds the run's lock.
 *
 * @param tracers what `removeDeadInstances` has removed just now, or could not, of whatever run
 * @returns null where nothing was left
 */
export async function undoRun(directory: RunDirectory, by: Healer, tracers: DeadInstances): Promise<HealedRun | null> {
  const ledger = UndoLedger.open(directory.undo);
  try {
    const { removed, left } = tracersOf(directory, tracers);
    if (ledger.open.length + ledger.spoiledLines.length + removed.length + left.length === 0) return null;
    const before = ledger.open
      .map((action) => ({ what: describeUndo(action), note: goneWith(action, isAlive) }))
      .reverse();
    const notUndone = [...(await ledger.undoAll()), ...spoiled(directory.undo, ledger.spoiledLines), ...left];
    const failed = new Set(notUndone.map((left) => left.what));
    const undone = [...removed, ...before.filter(({ what }) => !failed.has(what)).map(inWords)];
    writeAftermath(directory.path, { by, undone, notUndone });
    return { run: directory.run, undone, notUndone };
  } finally {
    ledger.close();
  }
}

/** The recorder that watches a run is a part of its harness, and names what it makes in the kernel after that process. */
function tracersOf(
  directory: RunDirectory,
  { removed, left }: DeadInstances,
): { removed: string[]; left: NotUndone[] } {
  const owner = ownerOf(directory);
  if (owner === null) return { removed: [], left: [] };
  const isOwn = (name: string): boolean => name.startsWith(`houseguest-${owner.pid}-${owner.startTime}-`);
  const inWords = (name: string): string => `the tracing instance ${name}`;
  return {
    removed: removed.filter(isOwn).map(inWords),
    left: left
      .filter(({ name }) => isOwn(name))
      .map(({ name, why }) => ({
        what: inWords(name),
        why,
        finishWith: `rmdir /sys/kernel/tracing/instances/${name}`,
      })),
  };
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
