import { stripVTControlCharacters, styleText } from "node:util";

import { showText } from "./core/path-text.ts";
import type { Finding, RecorderStatus, ResidueReport } from "../protocol/residue-report.ts";

export interface RenderOptions {
  /** Width of the terminal, in characters. */
  readonly columns: number;
  readonly color: boolean;
}

export type Paint = (style: Style, text: string) => string;

export function painter(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

type Style = Parameters<typeof styleText>[0];

const findingsMax = 50;

/** A report for the terminal: what, where, whose, why, then what was excused and what could not be seen. */
export function renderReport(report: ResidueReport, { columns, color }: RenderOptions): string {
  const paint = painter(color);
  const lines: string[] = [];
  for (const finding of report.findings.slice(0, findingsMax)) lines.push(...findingLines(finding, paint), "");
  if (report.findings.length > findingsMax) {
    lines.push(`… and ${report.findings.length - findingsMax} more; --json tells them all`, "");
  }
  for (const { rule, reason, count, examples } of report.excused) {
    lines.push(
      paint("dim", `excused ${count} × ${rule}: ${reason}`),
      paint("dim", showText(`  for example ${examples[0] ?? ""}`)),
    );
  }
  for (const { surface, status, detail } of report.surfaces.filter(({ status }) => status !== "done")) {
    lines.push(paint("yellow", showText(`${surface}: ${status}, ${detail}`)));
  }
  for (const { finding, reason, expires, findings } of report.waivers ?? []) {
    const covers =
      findings.length === 0 ? "covers nothing" : `covers ${findings.length}, ${findings[0]?.subject} for one`;
    lines.push(paint("dim", showText(`waived until ${expires}: ${finding} (${reason}); ${covers}`)));
  }
  for (const { side, found, to } of (report.canaries ?? []).filter(({ isRight }) => !isRight)) {
    const what = found ? `was taken for ${to ?? "nobody"}'s` : "was not found";
    lines.push(paint("magenta", `canary of the ${side} side ${what}: this report proves nothing`));
  }
  if (report.dwell !== undefined && report.dwell.detail !== "")
    lines.push(paint("dim", `no dwell: ${report.dwell.detail}`));
  lines.push(...recorderLines(report.recorder ?? [], paint));
  lines.push(paint(verdictStyles[report.verdict], `${report.verdict.toUpperCase()}: ${report.summary}`));
  return `${lines.map((line) => fit(line, columns)).join("\n")}\n`;
}

/** Sources that share their reason share a line. */
function recorderLines(recorder: readonly RecorderStatus[], paint: Paint): string[] {
  const limited = recorder.filter(({ status }) => status !== "done");
  return [...Map.groupBy(limited, ({ status, detail }) => `${status}, ${detail}`)].map(([words, sources]) => {
    const names = sources.map(({ source }) => source).join(", ");
    return paint(sources[0]?.status === "lost" ? "magenta" : "yellow", showText(`recorder of ${names}: ${words}`));
  });
}

const verdictStyles: Readonly<Record<ResidueReport["verdict"], Style>> = {
  clean: "green",
  partial: "yellow",
  residue: "red",
  unknown: "magenta",
};

/** What, where, whose, why, and the commands for it; nothing in it can speak to a terminal. */
export function findingLines(finding: Finding, paint: Paint): string[] {
  const { attribution, change, changed, subject, location, show, remove } = finding;
  const whose = attribution.to === "unknown" ? "unexplained" : attribution.to;
  const owner = finding.owner === null ? "" : `, owner ${finding.owner}`;
  const why = attribution.evidence.map(({ kind, detail }) => showText(`${kind}: ${detail}`));
  return [
    paint("bold", showText(`WHAT   ${change}${changed.length > 0 ? ` (${changed.join(", ")})` : ""}: ${subject}`)),
    showText(`WHERE  ${location}`),
    showText(`WHOSE  ${whose}${owner}`),
    `WHY    ${why[0] ?? "no evidence"}`,
    ...why.slice(1).map((reason) => `       ${reason}`),
    paint("cyan", showText(`SHOW   ${show}`)),
    ...(typeof remove === "string" ? [showText(`REMOVE ${remove}`)] : []),
  ];
}

/** Lines as they fit into that many columns, with an end of line. */
export function fitLines(lines: readonly string[], columns: number): string {
  return `${lines.map((line) => fit(line, columns)).join("\n")}\n`;
}

/** Long lines are folded at blanks and hang below the first word; a path is never cut. */
function fit(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length <= columns) return line;
  const indent = " ".repeat(7);
  const rows: string[] = [];
  let row = /^ */.exec(line)?.[0] ?? "";
  for (const word of line.slice(row.length).split(" ")) {
    const longer = row.trim() === "" ? `${row}${word}` : `${row} ${word}`;
    if (stripVTControlCharacters(longer).length > columns && row.trim() !== "") {
      rows.push(row);
      row = `${indent}${word}`;
    } else {
      row = longer;
    }
  }
  return [...rows, row].join("\n");
}
