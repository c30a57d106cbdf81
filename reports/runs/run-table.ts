import { residueTones, toneOf, verdictMarks, verdictTones, wordOf } from "../summary/headline.ts";
import { inColumns, left, right } from "../text/columns.ts";
import { duration } from "../text/duration.ts";
import { faint, type Line, lineWidth, type Piece, tinted } from "../text/line.ts";
import { printableRecord } from "../text/printable.ts";
import { localTime } from "../text/wall-clock.ts";
import type { ListedRun } from "./list-runs.ts";

/** The runs as a table that fits the width; the least telling columns go first where it is narrow. */
export function runTable(runs: readonly ListedRun[], width: number): Line[] {
  const shown = runs.map(printableRecord<ListedRun>);
  const fitting = columnSets.map((columns) => tableOf(shown, columns));
  return fitting.find((lines) => lines.every((line) => lineWidth(line) <= width)) ?? fitting.at(-1) ?? [];
}

type ColumnName = keyof typeof cells;

/** Widest first. A run's name begins with its time (UTC) and ends with its scenario. */
const columnSets: readonly (readonly ColumnName[])[] = [
  ["ended", "when", "scenario", "lifecycle", "residue", "clean-up", "exit", "took", "run"],
  ["ended", "run", "lifecycle", "residue", "clean-up", "exit", "took"],
  ["ended", "run", "residue", "exit", "took"],
  ["ended", "run", "took"],
];

const cells = {
  ended: (run: ListedRun): Piece => (run.exitCode === null ? tinted("no verdict", "doubt") : endingOf(run.exitCode)),
  when: (run: ListedRun): Piece => (run.startedAt === null ? faint("?") : localTime(run.startedAt)),
  scenario: (run: ListedRun): Piece => run.scenario ?? faint("?"),
  lifecycle: ({ lifecycle }: ListedRun): Piece =>
    lifecycle === null ? faint("–") : tinted(`${verdictMarks[lifecycle]} ${lifecycle}`, verdictTones[lifecycle]),
  residue: ({ residue }: ListedRun): Piece => (residue === null ? faint("–") : tinted(residue, residueTones[residue])),
  "clean-up": ({ cleanUp }: ListedRun): Piece =>
    cleanUp === null ? faint("–") : tinted(`${verdictMarks[cleanUp]} ${cleanUp}`, verdictTones[cleanUp]),
  exit: ({ exitCode }: ListedRun): Piece => (exitCode === null ? faint("–") : String(exitCode)),
  took: ({ durationMs }: ListedRun): Piece => (durationMs === null ? faint("–") : duration(durationMs)),
  run: ({ run }: ListedRun): Piece => run,
};

function tableOf(runs: readonly ListedRun[], columns: readonly ColumnName[]): Line[] {
  const heads = columns.map((name) => faint(name === "ended" ? "" : name));
  const rows = runs.map((run) => columns.map((name) => cells[name](run)));
  const layout = columns.map((name) => (name === "exit" || name === "took" ? right : left));
  return inColumns([heads, ...rows], layout, "");
}

function endingOf(exitCode: number): Piece {
  return tinted(wordOf({ exitCode }), toneOf({ exitCode }));
}
