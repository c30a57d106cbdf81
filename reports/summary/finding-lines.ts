import type { FactAttributes, Finding } from "../../protocol/residue-report.ts";
import { counted } from "../text/duration.ts";
import { faint, type Line, tinted } from "../text/line.ts";
import { shorten, visibleWidth, wrap, wrapItems } from "../text/width.ts";
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
  const [first = "", ...rest] = wrap(what(finding), width - 4);
  const lines: Line[] = [["  ", tinted(`${number}`, "bad"), ` ${first}`], ...rest.map((text): Line => ["    ", text])];
  for (const text of wrapItems(behind(finding), " · ", width - 4)) lines.push([faint(`    ${text}`)]);
  if (finding.show !== "") lines.push(["    ", faint("$ "), tinted(finding.show, "command")]);
  return lines;
}

/** Whose it is and why we think so. */
function behind({ attribution: { to, evidence }, owner, subject, location }: Finding): string[] {
  return [
    whoseWords[to],
    ...(owner === null ? [] : [`owner ${owner}`]),
    ...(subject.includes(location) ? [] : [`at ${location}`]),
    ...evidence.slice(0, evidenceMax).map(({ kind, detail }) => `${kind}: ${detail}`),
  ];
}

const changeWords: Record<Finding["change"], string> = { appeared: "left", vanished: "gone", changed: "changed" };

function what(finding: Finding): string {
  const { change, surface, subject } = finding;
  return `${changeWords[change]} (${surface}): ${subject}${change === "changed" ? `, ${changes(finding)}` : ""}`;
}

/** Attributes that move with every other change, and say something only where nothing else does. */
const times: ReadonlySet<string> = new Set(["mtime", "ctime", "btime"]);

function changes({ changed, before, after }: Finding): string {
  const telling = changed.filter((name) => !times.has(name));
  const told = (telling.length > 0 ? telling : changed).map(
    (name) => `${name} ${attribute(before, name)} → ${attribute(after, name)}`,
  );
  return told.length === 0 ? "in what it holds" : told.join(", ");
}

function attribute(attributes: FactAttributes | null, name: string): string {
  const value = attributes?.[name];
  if (value === undefined || value === null) return "none";
  if (times.has(name) && typeof value === "number") return new Date(value).toISOString().replace("T", " ");
  const text = Array.isArray(value) ? value.join(" ") : String(value);
  return visibleWidth(text) > 40 ? shorten(text, 40) : text;
}
