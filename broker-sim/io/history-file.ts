import { closeSync, openSync, writeSync } from "node:fs";

import type { Clock } from "../../foundation/clock.ts";
import { UsageError, messageOf } from "../../foundation/errors.ts";
import { type RecordEvent, historyRecorder } from "../../protocol/history-recorder.ts";
import { historyVariable } from "../../protocol/job-environment.ts";

/** The broker's part of a run's history. */
export interface HistoryFile {
  readonly record: RecordEvent;
  close(): void;
}

/**
 * Appends to the history at `path`, each record in one write to a file opened for appending, so that the lines of
 * several processes never mix; without a path, records go nowhere.
 */
export function openHistoryFile({
  path,
  source,
  clock,
}: {
  path: string | undefined;
  source: string;
  clock: Clock;
}): HistoryFile {
  if (path === undefined || path === "") return { record: () => undefined, close: () => undefined };
  let file: number;
  try {
    file = openSync(path, "a", 0o644);
  } catch (error) {
    throw new UsageError(`The history ${path} cannot be written: ${messageOf(error)}`, {
      code: "history-unwritable",
      next: `Set ${historyVariable} to a file that you may write to, or unset it.`,
      cause: error,
    });
  }
  const record = historyRecorder({ actor: "broker", source, clock, write: (line) => void writeSync(file, line) });
  return { record, close: () => closeSync(file) };
}
