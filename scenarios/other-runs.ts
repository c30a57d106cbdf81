import { existsSync, lstatSync, statSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";

import { runMarker } from "../protocol/job-environment.ts";
import type { OtherRun } from "../residue-scanner/scanner.ts";
import { isRunning, listRuns, ownerFile, ownerOf } from "./run-directory.ts";
import { allPids, isAlive, markedProcesses, processEnvironment, processStat } from "./stages/host/proc.ts";
import { watchedRun } from "./watchdog/start-watchdog.ts";

const namedMax = 3;

/** A moment and a scenario, as `createRunDirectory` names it: anything else is no run's. */
const runName = /^\d{8}T\d{6}-./;

/**
 * The other runs on real processes that are under way on this machine, by their watchdogs, which name their run
 * directories, whoever's they are and wherever those lie. What is excused as another run's doing is not the run's that
 * asks, whose own agent or job might pretend to be another run. So a watchdog is believed only where
 *
 * - it is the child of the harness that its run directory names, and that harness lives;
 * - the directory is called as a run's, and belongs, as the record in it, to the harness's user, and nobody else may write to them;
 * - neither of them bears the marker of the run that asks, or comes from its harness.
 *
 * @param own the id of the run that asks
 */
export function otherRuns(own: string): OtherRun[] {
  return allPids().flatMap((pid) => {
    const path = watchedRun(pid);
    const owner = path === null ? null : ownerOf({ path });
    if (path === null || owner?.id === undefined || owner.id === own || !/^[0-9a-f]{8}$/.test(owner.id)) return [];
    const isBelieved =
      isAlive(owner) &&
      processStat(pid)?.parentPid === owner.pid &&
      isRunOf(path, owner.pid) &&
      ![pid, owner.pid].some((each) => processEnvironment(each)?.get(runMarker) === own) &&
      !descendsFrom(owner.pid, process.pid);
    return isBelieved ? [{ name: basename(path), id: owner.id, pid: owner.pid, startTime: owner.startTime }] : [];
  });
}

/** Whether a run directory is one by its name, and that of a harness's user alone, with what stands in it. */
function isRunOf(path: string, harness: number): boolean {
  if (!isAbsolute(path) || !runName.test(basename(path))) return false;
  try {
    const { uid } = statSync(`/proc/${harness}`);
    return [path, join(path, ownerFile)].every((each) => {
      const found = lstatSync(each);
      return !found.isSymbolicLink() && found.uid === uid && (found.mode & 0o022) === 0;
    });
  } catch {
    // One of them ended or went meanwhile, or is not this user's to see.
    return false;
  }
}

function descendsFrom(pid: number, ancestor: number): boolean {
  for (let at = processStat(pid); at !== undefined && at.parentPid > 1; at = processStat(at.parentPid)) {
    if (at.parentPid === ancestor) return true;
  }
  return false;
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
