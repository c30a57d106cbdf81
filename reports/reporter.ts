import type { HistoryRecord } from "../protocol/history.ts";
import type { SuiteRecord } from "../protocol/suite.ts";
import type { RunVerdict } from "../protocol/verdict.ts";

export interface ReporterOutput {
  write(text: string): void;
  /** Width of the terminal, or 100 where there is none. Read again for every line, because terminals are resized. */
  readonly columns: number;
  readonly color: boolean;
  /** Whether lines may be drawn over (a terminal); else each line is written once. */
  readonly live: boolean;
}

/** A run that has come to its end, or what could be read of it. */
export interface EndedRun {
  readonly verdict: RunVerdict;
  readonly history: readonly HistoryRecord[];
  /** Where everything about the run lies. */
  readonly runDirectory: string;
  /** Evidence that could not be read (a torn line, a line that is no record), one sentence each. */
  readonly lostEvidence?: readonly string[];
}

/**
 * Follows one run as its history grows, and tells its end. A finished run can be reported by `end` alone.
 */
export interface Reporter {
  record(record: HistoryRecord): void;
  /**
   * Follows a run in another process or thread, of which the history comes only with its end: told are its beginning, its
   * phases and its steps, and `record` is not called. Missing where nobody sees what goes on.
   */
  readonly follow?: (record: HistoryRecord) => void;
  /** Called once, last. */
  end(run: EndedRun): void;
  /** Takes away what is only for while the run goes on. For a run that ends without a verdict; `end` does it too. */
  close(): void;
}

/** Where one run stands among those of its command. */
export interface RunPlace {
  /** Where it is known before the run's first record, which of one in another process comes only with its end. */
  readonly scenario?: string;
  /** From 0, in the whole suite. */
  readonly position: number;
  /** How many entries the command has. */
  readonly entries: number;
  /** From 1. */
  readonly repeat: number;
  readonly repeats: number;
  /** From 1. */
  readonly attempt: number;
  /** How many there may be. */
  readonly attemptsMax: number;
}

/** All runs of a command, when they are over. */
export interface EndedSuite {
  readonly record: SuiteRecord;
  /** The command that runs again what was not good; null where there is none. */
  readonly again: string | null;
}
