import { messageOf } from "../foundation/errors.ts";
import { historyRecorder, type HistoryRecorderOptions, type RecordEvent } from "./history-recorder.ts";

/** What is not in a history: how many records, and why the last of them is not. */
export interface MissingRecords {
  readonly records: number;
  readonly why: string;
}

export interface GapsOptions extends Pick<HistoryRecorderOptions, "source" | "clock"> {
  readonly actor: "agent" | "broker";
  /** Appends as many of these bytes as there is room for, and says how many: write(2). May throw. */
  readonly append: (bytes: Uint8Array) => number;
  /** A record could not be written, and the one before it was. */
  readonly onGap: (why: string) => void;
  /** There is room again, and the history itself says how many are missing. */
  readonly onGapEnd: (records: number) => void;
}

export interface HistoryWithGaps {
  /** Never throws. */
  readonly record: RecordEvent;
  /** Null while the history has all. */
  readonly missing: () => MissingRecords | null;
}

/**
 * A recorder whose records are worth less than what they tell of: one that cannot be written, to a full disk, is
 * dropped and counted, and the history says so as soon as there is room again (`agent.unrecorded`,
 * `broker.unrecorded`). A line is there whole, or its beginning is a line of its own.
 */
export function historyWithGaps({ actor, source, clock, append, onGap, onGapEnd }: GapsOptions): HistoryWithGaps {
  let missing: MissingRecords | null = null;
  /** Of these, those of which the history itself does not tell yet. */
  let untold = 0;
  /** The beginning of a line is there, and its end is not. */
  let isBroken = false;
  const writeWhole = (line: string): void => {
    const bytes = new TextEncoder().encode(`${isBroken ? "\n" : ""}${line}`);
    for (let written = 0; written < bytes.length; ) {
      written += append(bytes.subarray(written));
      isBroken = written < bytes.length;
    }
  };
  const write = (line: string): void => {
    try {
      writeWhole(line);
    } catch (error) {
      const why = messageOf(error);
      untold += 1;
      missing = { records: (missing?.records ?? 0) + 1, why };
      if (untold === 1) onGap(why);
    }
  };
  const record = historyRecorder({ actor, source, clock, write });
  return {
    record(type, data) {
      const before = untold;
      record(type, data);
      if (before === 0 || untold > before) return;
      // This one was written, so the gap ends before it. A word of the gap that finds no room belongs to the gap.
      record(`${actor}.unrecorded`, { records: before, reason: missing?.why ?? "" });
      if (untold > before) return;
      untold = 0;
      onGapEnd(before);
    },
    missing: () => missing,
  };
}
