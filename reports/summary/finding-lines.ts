import type { FactAttributes, Finding } from "../../protocol/residue-report.ts";
import { counted } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import { shorten, visibleWidth, wrap } from "../text/width.ts";
import { whoseWords } from "./trouble.ts";

/** So many are told in full; the others get a line each, and beyond that a count. */
const inFullMax = 5;
const namedMax = 10;
const evidenceMax = 2;

/** What, where, whose, why we think so, and the command that shows it. */
export function findingLines(findings: readonly Finding[], width: number): Line[] {
  const inFull = findings.slice(0, inFullMax);
  const named = findings.slice(inFullMax, namedMax);
  const more = findings.length - inFull.length - named.length;
  return [
    ...inFull.flatMap((finding, index) => inFullLines(finding, index + 1, width)),
    ...named.map((finding, index): Line => ["  ", tinted(`${index + 1 + inFullMax}`, "bad"), ` ${what(finding)}`]),
    ...(more > 0 ? [[faint(`  and ${counted(more, "more finding")}, in --format json`)]] : []),
  ];
}

function inFullLines(finding: Finding, number: number, width: number): Line[] {
  const { to, evidence } = finding.attribution;
  const whose: Piece[] = ["    ", whoseWords[to]];
  if (finding.owner !== null) whose.push(faint(`, owner ${finding.owner}`));
  const [first = "", ...rest] = wrap(what(finding), width - 4);
  const lines: Line[] = [["  ", tinted(`${number}`, "bad"), ` ${first}`], ...rest.map((text): Line => ["    ", text])];
  if (!finding.subject.includes(finding.location)) lines.push([faint(`    at ${finding.location}`)]);
  if (finding.change === "changed") lines.push(["    ", tinted(changes(finding), "strong")]);
  lines.push(whose);
  for (const { kind, detail } of evidence.slice(0, evidenceMax)) {
    const [first = "", ...rest] = wrap(detail, width - 6 - kind.length - 2);
    lines.push([faint(`      ${kind}: ${first}${rest.length > 0 ? "…" : ""}`)]);
  }
  if (finding.show !== "") lines.push(["    ", faint("$ "), tinted(finding.show, "command")]);
  return lines;
}

const changeWords: Record<Finding["change"], string> = { appeared: "left", vanished: "gone", changed: "changed" };

function what({ change, surface, subject }: Finding): string {
  return `${changeWords[change]} (${surface}): ${subject}`;
}

function changes({ changed, before, after }: Finding): string {
  const told = changed.map((name) => `${name} ${attribute(before, name)} → ${attribute(after, name)}`);
  return told.length === 0 ? "changed" : told.join(", ");
}

function attribute(attributes: FactAttributes | null, name: string): string {
  const value = attributes?.[name];
  if (value === undefined || value === null) return "none";
  const text = Array.isArray(value) ? value.join(" ") : String(value);
  return visibleWidth(text) > 40 ? shorten(text, 40) : text;
}
