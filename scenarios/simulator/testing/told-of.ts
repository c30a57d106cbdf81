import type { HistoryData, HistoryRecord, HistoryType } from "../../../protocol/history.ts";

/** What was recorded of one type, oldest first. */
export function toldOf<T extends HistoryType>(records: readonly HistoryRecord[], type: T): HistoryData<T>[] {
  return records.filter((record) => record.type === type).map(({ data }) => data as HistoryData<T>);
}

/** The time of the first record of that type of which that holds, in milliseconds since the first of all. */
export function firstAtMs<T extends HistoryType>(
  records: readonly HistoryRecord[],
  type: T,
  holds: (data: HistoryData<T>) => boolean = () => true,
): number {
  const found = records.find((record) => record.type === type && holds(record.data as HistoryData<T>));
  if (found === undefined) throw new Error(`there is no such record of ${type}`);
  return found.at - (records[0]?.at ?? 0);
}
