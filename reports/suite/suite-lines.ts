import { isGood, type Outcome, type SuiteEntry } from "../../protocol/suite.ts";
import type { EndedSuite } from "../reporter.ts";
import { duration } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import { wrap } from "../text/width.ts";
import { outcomeLooks } from "./outcome-look.ts";
import { placeWords } from "./place-words.ts";

/** What is wrong with an entry, in a sentence, by its position. */
export type Troubles = ReadonlyMap<number, string>;

/** The end of several runs as a person reads it: how many of which outcome, and each that is not a plain pass. */
export function suiteLines({ record, again }: EndedSuite, troubles: Troubles, width: number): Line[] {
  const { entries, startedAt, endedAt, shard, planned } = record;
  const part = shard === null ? "" : ` (shard ${shard.index} of ${shard.total}, of ${planned} in all)`;
  const took = duration(Math.max(0, endedAt - startedAt));
  const told = entries.filter(({ outcome }) => outcome !== "passed");
  const name = Math.max(0, ...told.map(({ scenario }) => scenario.length));
  return [
    [...countPieces(entries), faint(` of ${entries.length} runs in ${took}${part}`)],
    ...told.flatMap((entry) => entryLines(entry, { trouble: troubles.get(entry.position), name, width })),
    ...(again === null ? [] : [[faint("run those again  "), tinted(again, "command")]]),
  ];
}

/** Whether there is more to tell than the one run has told by itself. */
export function isWorthTelling({ entries }: EndedSuite["record"]): boolean {
  return entries.length > 1 || entries.some(({ attempts, outcome }) => attempts.length > 1 || outcome === "skipped");
}

function countPieces(entries: readonly SuiteEntry[]): Piece[] {
  const counts = countsOf(entries);
  if (counts.length === 0) return [faint("none")];
  return counts.flatMap(([outcome, count], index) => {
    const { word, tone } = outcomeLooks[outcome];
    return [...(index === 0 ? [] : [", "]), tinted(`${count} ${word}`, tone)];
  });
}

/** How many there are of each outcome, worst first. */
export function countsOf(entries: readonly Pick<SuiteEntry, "outcome">[]): [Outcome, number][] {
  return (Object.keys(outcomeLooks) as Outcome[]).flatMap((outcome): [Outcome, number][] => {
    const count = entries.filter((entry) => entry.outcome === outcome).length;
    return count === 0 ? [] : [[outcome, count]];
  });
}

function entryLines(
  entry: SuiteEntry,
  { trouble, name, width }: { readonly trouble: string | undefined; readonly name: number; readonly width: number },
): Line[] {
  const { mark, word, tone } = outcomeLooks[entry.outcome];
  const where = placeWords({ ...entry, attempt: entry.outcome === "flaky" ? entry.attempts.length : 1 });
  const head: Line = [
    `  `,
    tinted(`${mark} ${word.padEnd(11)}`, tone),
    `  ${entry.scenario.padEnd(name)}`,
    ...(where === "" ? [] : [faint(`  ${where}`)]),
  ];
  if (entry.skipped !== undefined) return [head, ...because(`${entry.skipped.why} ${entry.skipped.remedy}`, width)];
  // Of one that passed in the end the trouble is an earlier attempt's, and worth as much.
  if (trouble === undefined || (isGood(entry.outcome) && entry.outcome !== "flaky")) return [head];
  return [head, ...because(trouble, width)];
}

function because(text: string, width: number): Line[] {
  return wrap(text, width - 6).map((line): Line => [" ".repeat(6), faint(line)]);
}
