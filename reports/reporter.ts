import type { HistoryRecord } from "../protocol/history.ts";
import type { RunVerdict } from "../protocol/verdict.ts";

export interface ReporterOutput {
  write(text: string): void;
  /** Width of the terminal, or 100 where there is none. */
  readonly columns: number;
  readonly color: boolean;
  /** Whether lines may be drawn over (a terminal); else each line is written once. */
  readonly live: boolean;
}

/** Follows one run as its history grows, and tells its end. */
export interface Reporter {
  record(record: HistoryRecord): void;
  /** Called once, last; `runDirectory` is where everything about the run lies. */
  end(run: { verdict: RunVerdict; history: readonly HistoryRecord[]; runDirectory: string }): void;
}
