import { type HistoryRecord, parseHistoryLine } from "../../protocol/history.ts";

export interface ReadHistory {
  readonly records: HistoryRecord[];
  /** What could not be read, one sentence each. */
  readonly lostEvidence: string[];
}

const toldMax = 20;

/** Reads a whole history. A last line without its newline is torn: its writer was killed while it wrote. */
export function parseHistory(text: string): ReadHistory {
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  const records: HistoryRecord[] = [];
  const lostEvidence: string[] = [];
  let unreadable = 0;
  for (const [index, line] of lines.entries()) {
    const parsed = parseHistoryLine(line);
    if ("record" in parsed) {
      records.push(parsed.record);
      continue;
    }
    unreadable += 1;
    if (unreadable <= toldMax) {
      lostEvidence.push(
        `Line ${index + 1} of history.jsonl is no record: ${parsed.error.replaceAll(/\s*\n\s*/g, "; ")}.`,
      );
    }
  }
  if (unreadable > toldMax) lostEvidence.push(`${unreadable - toldMax} more lines of history.jsonl are no records.`);
  if (torn !== "") {
    lostEvidence.push(
      `The last line of history.jsonl is torn after ${Buffer.byteLength(torn)} bytes: its writer ended while it wrote.`,
    );
  }
  return { records, lostEvidence };
}
