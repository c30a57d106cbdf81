import { closeSync, openSync, writeSync } from "node:fs";

import type { Logger } from "pino";

import type { Clock } from "../../foundation/clock.ts";
import { UsageError, messageOf } from "../../foundation/errors.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import { historyWithGaps, type MissingRecords } from "../../protocol/history-with-gaps.ts";
import { historyVariable } from "../../protocol/job-environment.ts";

/** The broker's part of a run's history. */
export interface HistoryFile {
  /** Never throws. */
  readonly record: RecordEvent;
  /** What is not in the history: how many records, and why; null while it has all. */
  readonly missing: () => MissingRecords | null;
  close(): void;
}

interface HistoryFileOptions {
  readonly path: string | undefined;
  readonly source: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Appends to the history at `path`, each record in one write to a file opened for appending, so that the lines of
 * several processes never mix; without a path, records go nowhere. A record is worth less than any request: one that
 * cannot be written, to a full disk, is dropped and counted. The log is told of the first of them, and the history of all
 * as soon as there is room again.
 *
 * @throws UsageError `history-unwritable`
 */
export function openHistoryFile(options: HistoryFileOptions): HistoryFile {
  const { path } = options;
  if (path === undefined || path === "") {
    return { record: () => undefined, missing: () => null, close: () => undefined };
  }
  try {
    return historyIn(openSync(path, "a", 0o644), { ...options, path });
  } catch (error) {
    throw new UsageError(`The history ${path} cannot be written: ${messageOf(error)}`, {
      code: "history-unwritable",
      next: `Set ${historyVariable} to a file that you may write to, or unset it.`,
      cause: error,
    });
  }
}

function historyIn(file: number, { path, source, clock, log }: HistoryFileOptions): HistoryFile {
  const { record, missing } = historyWithGaps({
    ...{ actor: "broker", source, clock },
    append: (bytes) => writeSync(file, bytes),
    onGap: (why) => log.error({ path, why }, "the history cannot be written; the broker goes on without"),
    onGapEnd: (records) =>
      log.warn({ path, records }, "the history is written again, and says how many of its records are missing"),
  });
  return { record, missing, close: () => closeSync(file) };
}
