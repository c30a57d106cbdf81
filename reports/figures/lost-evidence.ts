import type { HistoryRecord } from "../../protocol/history.ts";

/** Records that were written and are not here, one sentence a source; each source counts its own from 0. */
export function missingRecords(history: readonly HistoryRecord[]): string[] {
  const sources = new Map<string, { actor: string; seen: Set<number>; last: number }>();
  for (const { actor, source, sequence } of history) {
    const key = `${actor} ${source}`;
    const known = sources.get(key) ?? { actor, seen: new Set<number>(), last: -1 };
    known.seen.add(sequence);
    known.last = Math.max(known.last, sequence);
    sources.set(key, known);
  }
  return [...sources.entries()].flatMap(([key, { seen, last }]) => {
    const missing = last + 1 - seen.size;
    if (missing === 0) return [];
    const what = missing === 1 ? "1 record is missing" : `${missing} records are missing`;
    return [`Of the ${last + 1} records or more that ${key} wrote, ${what}.`];
  });
}
