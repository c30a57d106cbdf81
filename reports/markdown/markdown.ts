import { type Outcome, outcomeOf, isGood } from "../../protocol/suite.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { latencies } from "../figures/latencies.ts";
import type { EndedRun, Reporter, ReporterOutput, RunPlace } from "../reporter.ts";
import { outcomeLooks } from "../suite/outcome-look.ts";
import { placeWords } from "../suite/place-words.ts";
import type { SkippedEntry } from "../suite/skipped-entry.ts";
import { countsOf } from "../suite/suite-lines.ts";
import { findingSentence, troubles } from "../summary/trouble.ts";
import { duration } from "../text/duration.ts";
import { markdownCode, markdownText } from "./escape.ts";

const findingsShownMax = 20;

/** What is kept of an entry until its document is written: its last attempt, and what the earlier ones came to. */
export interface MarkdownEntry {
  readonly place: RunPlace | undefined;
  readonly verdict: RunVerdict;
  readonly outcome: Outcome;
  /** The p99 of the freezes that were seen from outside, in milliseconds. */
  readonly freezeP99Ms: number | undefined;
  readonly withdrawalMs: number | undefined;
  /** Of each attempt, this one last, one sentence each. */
  readonly troubles: readonly (readonly string[])[];
}

/** For a step summary, a wiki, a pull request: a table of the runs, and what is wrong with each that did not pass. */
export function markdownReporter(output: ReporterOutput): Reporter {
  return {
    record: () => undefined,
    end: (run) => output.write(markdownDocument([markdownEntry(run)])),
    close: () => undefined,
  };
}

/** @param earlier the same entry's attempts before this one, if any */
export function markdownEntry(
  { verdict, history }: EndedRun,
  { place, earlier = [] }: { readonly place?: RunPlace; readonly earlier?: readonly MarkdownEntry[] } = {},
): MarkdownEntry {
  const series = new Map(latencies(history).map((one) => [one.id, one]));
  return {
    place,
    verdict,
    outcome: outcomeOf([...earlier.map((one) => one.verdict.exitCode), verdict.exitCode]),
    freezeP99Ms: series.get("freeze.witness")?.p99Ms,
    withdrawalMs: series.get("withdrawal")?.maxMs,
    troubles: [...(earlier.at(-1)?.troubles ?? []), troubles(verdict)],
  };
}

/** Ends with a newline. */
export function markdownDocument(entries: readonly MarkdownEntry[], skipped: readonly SkippedEntry[] = []): string {
  const rows = [...entries.map(row), ...skipped.map(skippedRow)];
  const bad = entries.filter(({ outcome }) => outcome !== "passed");
  const counts = countsOf([...entries, ...skipped]).map(([outcome, count]) => `${count} ${outcomeLooks[outcome].word}`);
  const lines = [
    `## Houseguest: ${counts.join(", ") || "nothing ran"}`,
    "",
    "| | scenario | stage | residue | freeze p99 | withdrawal | took |",
    "|---|---|---|---|--:|--:|--:|",
    ...rows,
    ...bad.flatMap(details),
    ...skipped.flatMap(skippedDetails),
  ];
  return `${lines.join("\n")}\n`;
}

function row({ place, verdict, outcome, freezeP99Ms, withdrawalMs }: MarkdownEntry): string {
  const where = place === undefined ? "" : placeWords(place);
  const cells = [
    `${icons[outcome]} ${outcomeLooks[outcome].word}`,
    `${markdownText(verdict.scenario)}${where === "" ? "" : ` (${where})`}`,
    verdict.stage,
    verdict.residue?.verdict ?? (verdict.stage === "sim" ? "virtual time" : "not read"),
    freezeP99Ms === undefined ? "" : duration(freezeP99Ms),
    withdrawalMs === undefined ? "" : duration(withdrawalMs),
    duration(Math.max(0, verdict.endedAt - verdict.startedAt)),
  ];
  return `| ${cells.join(" | ")} |`;
}

function skippedRow({ scenario }: SkippedEntry): string {
  return `| ${icons.skipped} ${outcomeLooks.skipped.word} | ${markdownText(scenario)} | | | | | |`;
}

function skippedDetails({ scenario, skipped: { why, remedy } }: SkippedEntry): string[] {
  const head = `### ${icons.skipped} ${markdownText(scenario)}: ${outcomeLooks.skipped.word}`;
  return ["", head, "", `- ${markdownText(`${why} ${remedy}`)}`];
}

const icons: Readonly<Record<Outcome, string>> = {
  ...{ passed: "✅", flaky: "⚠️", failed: "❌", unknown: "❔", refused: "❌", interrupted: "❔" },
  ...{ "not-undone": "❌", "harness-bug": "❌", "not-run": "➖" },
  skipped: "➖",
};

function details(entry: MarkdownEntry): string[] {
  const { verdict, outcome } = entry;
  const findings = verdict.residue?.findings ?? [];
  const shown = findings.slice(0, findingsShownMax);
  return [
    "",
    `### ${icons[outcome]} ${markdownText(verdict.scenario)}: ${outcomeLooks[outcome].word}`,
    "",
    ...troubleLines(entry),
    ...(shown.length === 0 ? [] : ["", "<details><summary>What was left behind</summary>", ""]),
    ...shown.map(
      (finding) =>
        `- ${markdownText(findingSentence(finding))} ${markdownCode(finding.location)}: ${markdownCode(finding.show)}`,
    ),
    ...(findings.length > shown.length ? [`- and ${findings.length - shown.length} more`] : []),
    ...(shown.length === 0 ? [] : ["", "</details>"]),
    "",
    `${isGood(outcome) ? "Run it again" : "Reproduce"}: ${markdownCode(verdict.reproduce)}`,
  ];
}

function troubleLines({ troubles }: MarkdownEntry): string[] {
  const told = troubles.flatMap((attempt, index) =>
    attempt.map((trouble) => (troubles.length === 1 ? trouble : `Attempt ${index + 1}: ${trouble}`)),
  );
  const more = told.length - findingsShownMax;
  const shown = told.slice(0, findingsShownMax).map((trouble) => `- ${markdownText(trouble)}`);
  return more > 0 ? [...shown, `- and ${more} more`] : shown;
}
