import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import type { Verdict } from "../../protocol/verdict.ts";

/** What a checker found: the figures, or a violation as a short story of the events that matter. */
export interface Judgement {
  readonly result: Verdict;
  readonly detail: string;
}

/** Judges one property of a history; pure, so that a verdict can be derived again from the log alone. */
export interface Checker {
  /** What is true when it passes, as a statement; names the invariant. */
  readonly title: string;
  judge(history: readonly HistoryRecord[], settings: Readonly<Record<string, number | string>>): Judgement;
}

export type RecordOf<T extends HistoryType> = Extract<HistoryRecord, { type: T }>;

/** The records of one type, in the order of the log. */
export function recordsOf<T extends HistoryType>(history: readonly HistoryRecord[], type: T): RecordOf<T>[] {
  return history.filter((record): record is RecordOf<T> => record.type === type);
}

export const passed = (detail: string): Judgement => ({ result: "pass", detail });
export const failed = (detail: string): Judgement => ({ result: "fail", detail });
/** The history does not hold what is needed to judge. */
export const undecided = (detail: string): Judgement => ({ result: "unknown", detail });
