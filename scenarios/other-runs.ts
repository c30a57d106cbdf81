import { existsSync } from "node:fs";

import { runMarker } from "../protocol/job-environment.ts";
import { isRunning, listRuns } from "./run-directory.ts";
import { markedProcesses } from "./stages/host/proc.ts";

const namedMax = 3;

/**
 * Warns of another run that is under way on this machine, or null. The residue scan reads the whole host, and what two
 * runs do at once is a finding for each of them. It is a look, not a lock: one that begins a moment later warns by itself,
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
    "Each may call what the other one does residue, and holds it up: let them run one after the other.\n"
  );
}
