import type { HistoryRecord } from "../../../protocol/history.ts";

/** What every stage can do, for the steps that are the same on all of them. */
export interface AnyStage {
  /** Milliseconds, of the stage's own time; only differences mean something. */
  readonly nowMs: number;
  /** The history so far; it grows. */
  readonly records: readonly HistoryRecord[];
  /** Whether a record is of that agent of the cast; undefined while nobody knows yet whose it is. */
  isOf(agent: string, record: HistoryRecord): boolean | undefined;
  /** Lets so much of the stage's time pass. */
  pass(forMs: number): Promise<void>;
  /**
   * Waits until the condition over the history holds.
   *
   * @param what completes the sentence "waited … for …"
   * @throws WaitError `not-in-time`
   */
  untilRecorded(what: string, condition: () => boolean, withinMs: number): Promise<void>;
  /** A step failed: whatever else is being waited for ends with the same error. */
  giveUp(error: unknown): void;
}
