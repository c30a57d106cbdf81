import type { ResidueReport, SurfaceStatus } from "../../protocol/residue-report.ts";
import { inColumns, left, right } from "../text/columns.ts";
import { counted, milliseconds, wholeNumber } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted, type Tone } from "../text/line.ts";
import { wrap } from "../text/width.ts";
import { findingLines } from "./finding-lines.ts";
import { residueTones } from "./headline.ts";
import type { Section } from "./run-view.ts";

const rulesShownMax = 4;

/** What the two readings of the host say: by surface, what stayed behind, what was excused, what could not be seen. */
export const residueSection: Section = ({ verdict: { residue, stage } }, width) => {
  if (stage === "sim") {
    const why = "nothing of this host was touched; what the modelled one holds is judged by withdraw-complete";
    return [
      [tinted("Residue", "heading"), "  not read"],
      ...wrap(why, width - 2).map((text): Line => [faint(`  ${text}`)]),
    ];
  }
  if (residue === null) {
    return [
      [tinted("Residue", "heading"), "  ", tinted("not read: the run ended before the host was read again", "doubt")],
    ];
  }
  return [
    [
      tinted("Residue", "heading"),
      "  ",
      tinted(wordFor(residue), residueTones[residue.verdict]),
      faint(`  ${residue.policy} policy · ${counted(residue.readings, "reading")} after the run`),
    ],
    ...wrap(residue.summary, width - 2).map((text): Line => ["  ", text]),
    ...surfaceTable(residue.surfaces),
    ...hiddenLines(residue.surfaces, width),
    ...excusedLines(residue, width),
    ...findingLines(residue.findings, width),
  ];
};

function wordFor({ verdict, findings }: ResidueReport): string {
  return verdict === "residue" ? counted(findings.length, "finding") : verdict;
}

const statusTones: Record<SurfaceStatus["status"], { mark: string; tone: Tone }> = {
  done: { mark: "✓", tone: "good" },
  partial: { mark: "◐", tone: "doubt" },
  "not-permitted": { mark: "○", tone: "doubt" },
  failed: { mark: "✗", tone: "bad" },
};

function surfaceTable(surfaces: readonly SurfaceStatus[]): Line[] {
  if (surfaces.length === 0) return [];
  const rows = surfaces.map(({ surface, status, factsBefore, factsAfter, durationMs }): Piece[] => {
    const { mark, tone } = statusTones[status];
    const change = factsAfter - factsBefore;
    const sign = change > 0 ? "+" : "−";
    return [
      tinted(mark, tone),
      surface,
      status === "done" ? faint("done") : tinted(status, tone),
      wholeNumber(factsBefore),
      wholeNumber(factsAfter),
      change === 0 ? faint("=") : `${sign}${wholeNumber(Math.abs(change))}`,
      milliseconds(durationMs),
    ];
  });
  const heads = ["", "surface", "seen", "before", "after", "", "ms"].map(faint);
  return inColumns([heads, ...rows], [left, left, left, right, right, right, right]);
}

function hiddenLines(surfaces: readonly SurfaceStatus[], width: number): Line[] {
  return surfaces.flatMap(({ surface, status, detail }) => {
    if (status === "done") return [];
    const { mark, tone } = statusTones[status];
    const what = status === "failed" ? "evidence lost in" : "not visible to this user in";
    const [first = "", ...rest] = wrap(`${what} ${surface}: ${detail}`, width - 4);
    return [
      ["  ", tinted(`${mark} ${first}`, tone)],
      ...rest.map((text): Line => ["    ", tinted(text, tone)]),
    ] satisfies Line[];
  });
}

function excusedLines({ excused, findings }: ResidueReport, width: number): Line[] {
  if (excused.length === 0) return [];
  // Where something was found, that is what matters; the reasons are in the other formats.
  if (findings.length > 0) {
    const rules = excused.map(({ rule, count }) => `${wholeNumber(count)} × ${rule}`).join(", ");
    return wrap(`excused: ${rules}`, width - 2).map((text): Line => [faint(`  ${text}`)]);
  }
  const total = excused.reduce((sum, { count }) => sum + count, 0);
  const shown = excused.toSorted((a, b) => b.count - a.count).slice(0, rulesShownMax);
  const lines: Line[] = [[faint(`  ${counted(total, "difference")} excused by ${counted(excused.length, "rule")}:`)]];
  const countWidth = Math.max(...shown.map(({ count }) => wholeNumber(count).length));
  for (const { rule, reason, count } of shown) {
    const head = `    ${wholeNumber(count).padStart(countWidth)} × ${rule}`;
    lines.push([faint(width - head.length < 16 ? head : `${head}: ${reason}`)]);
  }
  const more = excused.length - shown.length;
  if (more > 0) lines.push([faint(`    and ${counted(more, "more rule")}, in --format json`)]);
  return lines;
}
