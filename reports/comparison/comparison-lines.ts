import { inColumns, left, right } from "../text/columns.ts";
import { counted, milliseconds } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import { printable } from "../text/printable.ts";
import type { ComparedFigure, Comparison } from "./compare-runs.ts";

/** A comparison as a person reads it: the judgement first, then what differs, then the figures. */
export function comparisonLines(comparison: Comparison): Line[] {
  const { a, b, unlike, judgements, judgedAlike, figures, residueNew, residueGone, worse } = comparison;
  return [
    [
      worse ? tinted(" WORSE ", "headlineBad") : tinted(" NO WORSE ", "headlineGood"),
      faint(`  ${judgements.length === 0 ? "all" : counted(judgedAlike, "judgement")} alike`),
    ],
    [faint("  A  "), printable(a)],
    [faint("  B  "), printable(b)],
    ...table(
      "Not run alike",
      unlike.map((one) => [printable(one.name), printable(one.a), printable(one.b)]),
    ),
    ...table(
      "Judged otherwise",
      judgements.map((one) => [
        one.name,
        one.a ?? "not judged",
        tinted(one.b ?? "not judged", one.worse ? "bad" : "good"),
      ]),
    ),
    ...sentences("Left behind in B only", residueNew, "bad"),
    ...sentences("Left behind in A only", residueGone, "good"),
    ...figureTable(figures),
  ];
}

function table(title: string, rows: readonly (readonly Piece[])[]): Line[] {
  if (rows.length === 0) return [];
  const head = [tinted(title, "heading"), faint("A"), faint("B")];
  return [
    [],
    ...inColumns(
      [head, ...rows.map(([name, ...cells]) => ["  ", name, ...cells].slice(1) as Piece[])],
      [left, left, left],
      "",
    ),
  ];
}

function sentences(title: string, said: readonly string[], tone: "good" | "bad"): Line[] {
  if (said.length === 0) return [];
  return [[], [tinted(title, "heading")], ...said.map((one): Line => ["  ", tinted(printable(one), tone)])];
}

function figureTable(figures: readonly ComparedFigure[]): Line[] {
  if (figures.length === 0) return [];
  const head = [tinted("Figures (ms)", "heading"), faint("A"), faint("B"), faint("B/A")];
  const rows = figures.map(({ name, a, b }): Piece[] => [name, cell(a), cell(b), ratio(a, b)]);
  return [[], ...inColumns([head, ...rows], [left, right, right, right], "")];
}

const cell = (ms: number | null): Piece => (ms === null ? faint("–") : milliseconds(ms));
const ratio = (a: number | null, b: number | null): Piece =>
  a === null || b === null || a === 0 ? faint("–") : (b / a).toFixed(2);
