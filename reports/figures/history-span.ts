import type { HistoryRecord } from "../../protocol/history.ts";

/** When the run began, in ms since the epoch: its own record of it, or the first of anybody's. */
export function historyBegin(history: readonly HistoryRecord[]): number {
  const started = history.find((record) => record.type === "run.started");
  return started?.at ?? history.reduce((least, record) => Math.min(least, record.at), history[0]?.at ?? 0);
}

/** When the last thing in the history happened, in ms since the epoch. */
export function historyEnd(history: readonly HistoryRecord[]): number {
  return history.reduce((most, record) => Math.max(most, record.at), historyBegin(history));
}
