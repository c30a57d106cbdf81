import type { Clock } from "../foundation/clock.ts";
import type { HistoryActor, HistoryData, HistoryRecord, HistoryType } from "./history.ts";

/** Adds one event to the history. */
export type RecordEvent = <T extends HistoryType>(type: T, data: HistoryData<T>) => void;

export interface HistoryRecorderOptions {
  readonly actor: HistoryActor;
  /** An instance id, a pid or a run id; unique within the run. */
  readonly source: string;
  readonly clock: Clock;
  /**
   * Takes one line with its newline. To share a file between processes, open it for appending and hand each line over
   * in a single write: the kernel then never interleaves two of them.
   */
  readonly write: (line: string) => void;
  /** Sees each record too. */
  readonly observe?: (record: HistoryRecord) => void;
}

/** Numbers and stamps the events of one source. */
export function historyRecorder({ actor, source, clock, write, observe }: HistoryRecorderOptions): RecordEvent {
  let sequence = 0;
  return (type, data) => {
    const record = { at: clock.nowMs(), actor, source, sequence, type, data } as HistoryRecord;
    sequence += 1;
    write(`${JSON.stringify(record)}\n`);
    observe?.(record);
  };
}
