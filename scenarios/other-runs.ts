import { existsSync } from "node:fs";
import { basename } from "node:path";

import { runMarker } from "../protocol/job-environment.ts";
import type { OtherRun } from "../residue-scanner/scanner.ts";
import { isRunning, listRuns, ownerOf } from "./run-directory.ts";
import { allPids, isAlive, markedProcesses, processEnvironment } from "./stages/host/proc.ts";
import { watchedRun } from "./watchdog/start-watchdog.ts";

const namedMax = 3;

/**
 * The other runs on real processes that are under way on this machine, by their watchdogs, which name their run
 * directories, whoever's they are and wherever those lie. A watchdog is believed as long as its run's harness lives, and
 * bears no marker of the run that asks: its own agent might pretend to be another run.
 *
 * @param own the id of the run that asks
 */
export function otherRuns(own: string): OtherRun[] {
  return allPids().flatMap((pid) => {
    const path = watchedRun(pid);
    if (path === null || processEnvironment(pid)?.get(runMarker) === own) return [];
    const owner = ownerOf({ path });
    if (owner?.id === undefined || owner.id === own || !/^[0-9a-f]{8}$/.test(owner.id) || !isAlive(owner)) return [];
    return [{ name: basename(path), id: owner.id, pid: owner.pid, startTime: owner.startTime }];
  });
}

/**
 * Warns of another run that is under way on this machine, or null: two runs take each other's time, and what one does
 * that nobody sees it do is a finding of the other. It is a look, not a lock: one that begins a moment later warns by itself,
 * and of another user's run, under another root and before its broker is up, nothing is seen.
 *
 * @param root where run directories lie; of runs elsewhere the processes are looked for
 */
export function otherRunsWarning(root: string): string | null {
  const runs = listRuns(root).filter((directory) => existsSync(directory.undo) && isRunning(directory));
  const processes = markedProcesses(runMarker).map(({ pid, command }) => `process ${pid} (${command})`);
  const seen = runs.length > 0 ? runs.map(({ run }) => run) : processes;
  if (seen.length === 0) return null;
  const more = seen.length > namedMax ? ` and ${seen.length - namedMax} more` : "";
  return (
    `Another run is under way on this machine: ${seen.slice(0, namedMax).join(", ")}${more}. ` +
    "What it does is told from this one's, and named; but each holds the other up.\n"
  );
}
