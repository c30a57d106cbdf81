import type { Verdict } from "../../protocol/verdict.ts";
import { verdictMarks, verdictTones } from "../summary/headline.ts";
import { counted } from "../text/duration.ts";
import { faint, type Line, lineWidth, type Piece, tinted } from "../text/line.ts";
import { printable, printableRecord } from "../text/printable.ts";
import { wrap } from "../text/width.ts";
import type { GateReport } from "./gate.ts";
import type { GateRow } from "./policy.ts";
import type { WaiverUse } from "./waivers.ts";

/** So many objections to one run by one check are told; all are in the JSON. */
const toldPerRunMax = 8;
const textIndent = 4;

/** A row of any table of checks: what was checked, of what, and what was seen. */
export interface CheckRow {
  readonly check: string;
  readonly subject: string;
  /** `skipped`: nobody asked. */
  readonly result: Verdict | "skipped";
  readonly detail: string;
}

/** What blocks and what passed, no wider than `width` where words allow it. */
export function gateTable(report: GateReport, width: number): Line[] {
  const { rows, waivers, runs, policy } = printableRecord<GateReport>(report);
  const blocking = rows.filter(({ result }) => result !== "pass");
  const passed = rows.filter(({ result }) => result === "pass");
  return [
    headline(report.result, [
      blocking.length === 0 ? `all ${rows.length} checks passed` : wordsForBlocking(blocking, rows.length),
      counted(runs.length, "run"),
      // Last: where there is no room for all, a path is the least loss.
      policy === null ? "without a policy file" : policy.path,
    ]),
    ...section("Blocks", checkRows(withoutTheMany(blocking), width)),
    ...section("Passed", checkRows(passed, width)),
    ...section(
      "Waivers",
      waivers.flatMap((use) => waiverLines(use, width)),
    ),
  ];
}

/** The verdict in a word, and beside it what it is about. */
export function headline(result: Verdict, about: readonly string[], failed = "BLOCKED"): Line {
  const { word, tone } = { ...endings[result], ...(result === "fail" ? { word: failed } : {}) };
  const pieces = about.flatMap((text, index): Piece[] => (index === 0 ? [text] : [faint(" · "), text]));
  return [tinted(` ${word} `, tone), "  ", ...pieces];
}

const endings = {
  pass: { word: "PASS", tone: "headlineGood" },
  fail: { word: "BLOCKED", tone: "headlineBad" },
  unknown: { word: "UNKNOWN", tone: "headlineDoubt" },
} as const;

export function section(title: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[], [tinted(title, "heading")], ...lines];
}

/** A row on one line where it fits, else with what was seen below. */
export function checkRows(rows: readonly CheckRow[], width: number): Line[] {
  const nameWidth = Math.max(0, ...rows.map(({ check }) => check.length));
  const subjectWidth = Math.max(0, ...rows.filter(({ result }) => isGood(result)).map(({ subject }) => subject.length));
  return rows.flatMap(({ check, subject, result, detail }, index): Line[] => {
    const before = rows[index - 1];
    const again = before?.check === check && before.subject === subject;
    const head: Piece[] = ["  ", markOf(result), ` ${(again ? "" : check).padEnd(nameWidth)}  `];
    const indent = " ".repeat(nameWidth + textIndent + 2);
    const oneLine: Line = [...head, `${subject.padEnd(isGood(result) ? subjectWidth : 0)}  `, faint(detail)];
    if (isGood(result) && lineWidth(oneLine) <= width) return [oneLine];
    const room = Math.max(20, width - indent.length);
    // What is objected to once more stands below what was before, without saying again to what.
    const texts = [
      ...(again ? [] : wrap(subject, room).map((text): Piece => tinted(text, "strong"))),
      ...wrap(detail, room).map((text): Piece => (isGood(result) ? faint(text) : text)),
    ];
    return texts.map((text, row): Line => (row === 0 ? [...head, text] : [indent, text]));
  });
}

function isGood(result: CheckRow["result"]): boolean {
  return result === "pass" || result === "skipped";
}

function markOf(result: CheckRow["result"]): Piece {
  return result === "skipped" ? faint("–") : tinted(verdictMarks[result], verdictTones[result]);
}

function wordsForBlocking(blocking: readonly GateRow[], all: number): string {
  const unknown = blocking.filter(({ result }) => result === "unknown").length;
  const words = `${blocking.length} of ${counted(all, "check")} ${blocking.length === 1 ? "blocks" : "block"}`;
  return unknown === 0 ? words : `${words}, ${unknown === blocking.length ? "all" : unknown} unknown`;
}

function withoutTheMany(rows: readonly GateRow[]): GateRow[] {
  const told = new Map<string, number>();
  return rows.flatMap((row) => {
    if (row.run === null) return [row];
    const key = `${row.check} ${row.run}`;
    const count = (told.get(key) ?? 0) + 1;
    told.set(key, count);
    if (count <= toldPerRunMax) return [row];
    if (count > toldPerRunMax + 1) return [];
    const all = rows.filter((other) => other.check === row.check && other.run === row.run).length;
    return [{ ...row, detail: `and ${all - toldPerRunMax} more, in --json` }];
  });
}

function waiverLines(use: WaiverUse, width: number): Line[] {
  const { finding, surface, owner, reason, expires, state, covered } = use;
  const states = {
    used: tinted(`covers ${covered}`, "doubt"),
    unused: faint("covers nothing: take it out"),
    expired: tinted("expired", "bad"),
  };
  return [
    ["  ", tinted(printable(finding ?? surface ?? ""), "strong"), "  ", states[state]],
    ...wrap(`${owner}, until ${expires}: ${reason}`, width - textIndent).map((text): Line => ["    ", faint(text)]),
  ];
}
