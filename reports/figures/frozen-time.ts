import type { HistoryRecord } from "../../protocol/history.ts";

/** What sandboxes did while they should have done nothing (I5), as the witness saw it. */
export interface FrozenTime {
  /** How many frozen stretches were watched. */
  readonly watched: number;
  readonly forMs: number;
  readonly cpuUsedUs: number;
  /** The most processes that were seen running in one of them. */
  readonly runningMax: number;
}

/** Null when no frozen stretch was watched. */
export function frozenTime(history: readonly HistoryRecord[]): FrozenTime | null {
  const seen = history.flatMap((record) => (record.type === "witness.frozen" ? [record.data] : []));
  if (seen.length === 0) return null;
  return {
    watched: seen.length,
    forMs: seen.reduce((sum, { forMs }) => sum + forMs, 0),
    cpuUsedUs: seen.reduce((sum, { cpuUsedUs }) => sum + cpuUsedUs, 0),
    runningMax: seen.reduce((most, { running }) => Math.max(most, running), 0),
  };
}
