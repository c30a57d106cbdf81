import type { HistoryRecord } from "../protocol/history.ts";
import { ListBoard } from "./live/list-board.ts";
import { wordOf, toneOf } from "./summary/headline.ts";
import { firstTrouble } from "./summary/trouble.ts";
import type { EndedRun, Reporter, ReporterOutput, RunPlace } from "./reporter.ts";
import { placeWords } from "./suite/place-words.ts";
import { duration } from "./text/duration.ts";
import { faint, type Line, tinted } from "./text/line.ts";
import { printable } from "./text/printable.ts";
import { wrap } from "./text/width.ts";

/**
 * For people with many runs: a line for each, and below it the reason where it did not pass, and where all about it lies.
 *
 * @param board where those that go on meanwhile are shown
 */
export function listReporter(output: ReporterOutput, place?: RunPlace, board = new ListBoard(output)): Reporter {
  const position = place?.position ?? 0;
  if (place?.scenario !== undefined) board.begin(position, place.scenario);
  return {
    record: (record) => board.record(position, record),
    ...(output.live ? { follow: (record: HistoryRecord) => board.record(position, record) } : {}),
    end(run) {
      board.gone(position);
      board.say(listLines(run, output.columns, place));
    },
    close: () => board.gone(position),
  };
}

function listLines({ verdict, runDirectory }: EndedRun, columns: number, place: RunPlace | undefined): Line[] {
  const tone = toneOf(verdict);
  const mark = { good: "✓", bad: "✗", doubt: "?" }[tone];
  const count = place === undefined ? "" : `${String(place.position + 1).padStart(String(place.entries).length)} `;
  const where = place === undefined ? "" : placeWords(place);
  const head: Line = [
    "  ",
    tinted(mark, tone),
    faint(` ${count}`),
    printable(verdict.scenario),
    ...(where === "" ? [] : [faint(`  ${where}`)]),
    ...(verdict.exitCode === 0 ? [] : ["  ", tinted(wordOf(verdict).toLowerCase(), tone)]),
    faint(`  (${duration(Math.max(0, verdict.endedAt - verdict.startedAt))})`),
  ];
  const told = firstTrouble(verdict);
  const trouble = told === undefined ? undefined : printable(told);
  if (trouble === undefined) return [head];
  const indent = " ".repeat(5 + count.length);
  const reasons = wrap(trouble, Math.max(20, columns - indent.length - 1)).map((text): Line => [indent, text]);
  return [head, ...reasons, [indent, faint(runDirectory)]];
}
