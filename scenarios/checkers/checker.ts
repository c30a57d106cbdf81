import { present } from "../../foundation/assert.ts";
import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import type { Verdict } from "../../protocol/verdict.ts";
import { type CheckerSettings, type SettingTable, type Told, toldBy } from "./setting.ts";
import { storyOf, type Violation } from "./story.ts";

/** What a checker found: the figures, or what is wrong, with the events that show it. */
export interface Judgement {
  readonly result: Verdict;
  readonly detail: string;
  /** The violation as lines; see `storyOf`. */
  readonly story?: string[];
}

/**
 * Judges one property of a history; pure, so that a verdict can be derived again from the log alone, and streaming, so
 * that the history need not be kept. Only the order of the log counts for what came first, never the actors' clocks.
 */
export interface Checker<Table extends SettingTable = SettingTable> {
  /** What is true when it passes, as a statement; names the invariant. */
  readonly title: string;
  /** The types that it wants; it may be spared all others. */
  readonly sees: readonly HistoryType[];
  /** What it can be told. */
  readonly settings: Table;
  /** Takes no notice of what is not in its table: whoever wants to hear of that asks `settingProblems` before. */
  begin(settings: CheckerSettings): Watch;
}

/** One checker on one history. After its first violation it knows nothing any more and is not to be asked again. */
export interface Watch {
  /** Takes the next record of the log; the violation is told at the record that makes it. */
  see(record: HistoryRecord): Violation | null;
  /** What `see` does with a record of that type, for whoever asks often; undefined where it does nothing. */
  taker(type: HistoryType): Taker | undefined;
  /** What can be said at the end of a log without a violation. */
  end(): Judgement;
}

export type Taker = (record: HistoryRecord) => Violation | null | void;

export type RecordOf<T extends HistoryType> = Extract<HistoryRecord, { type: T }>;

type Handlers = { readonly [T in HistoryType]?: (record: RecordOf<T>) => Violation | null | void };

interface Begun {
  readonly on: Handlers;
  readonly end: () => Judgement;
}

/** The table of a checker that can be told nothing. */
const untold = {};

/** Makes a checker of one handler for each type that it wants, so that what it sees is said once. */
export function checkerOf(title: string, begin: () => Begun): Checker<typeof untold>;
/** @param settings what it can be told, by name */
export function checkerOf<Table extends SettingTable>(
  title: string,
  settings: Table,
  begin: (told: Told<Table>) => Begun,
): Checker<Table>;
export function checkerOf(
  title: string,
  table: SettingTable | (() => Begun),
  begin?: (told: Told<SettingTable>) => Begun,
): Checker {
  const settings = typeof table === "function" ? untold : table;
  const start = typeof table === "function" ? table : present(begin, "a checker that is told something begins");
  return {
    title,
    settings,
    sees: Object.keys(start(toldBy(settings, {})).on) as HistoryType[],
    begin(given) {
      const { on, end } = start(toldBy(settings, given));
      const taker = (type: HistoryType): Taker | undefined => on[type] as Taker | undefined;
      return { taker, see: (record) => taker(record.type)?.(record) ?? null, end };
    },
  };
}

export const passed = (detail: string): Judgement => ({ result: "pass", detail });
export const failed = (violation: Violation): Judgement => ({
  result: "fail",
  detail: violation.summary,
  story: storyOf(violation),
});
/** The history does not hold what is needed to judge. */
export const undecided = (detail: string): Judgement => ({ result: "unknown", detail });
