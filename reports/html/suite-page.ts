import { isGood, type Outcome, outcomeOf } from "../../protocol/suite.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { latencies } from "../figures/latencies.ts";
import type { SuiteRow, Tone } from "../page/page-data.ts";
import type { EndedRun, EndedSuite, RunPlace } from "../reporter.ts";
import { outcomeLooks } from "../suite/outcome-look.ts";
import { placeWords } from "../suite/place-words.ts";
import { countsOf } from "../suite/suite-lines.ts";
import { firstTrouble } from "../summary/trouble.ts";
import { pageParts } from "./page-document.ts";

/** What is kept of an entry's attempts until the index is written. */
export interface KeptEntry {
  readonly verdict: RunVerdict;
  readonly row: SuiteRow;
}

/** @param href the way from the index to this attempt's page */
export function keptEntry(
  { verdict, history }: EndedRun,
  {
    place,
    earlier,
    href,
  }: { readonly place: RunPlace; readonly earlier: KeptEntry | undefined; readonly href: string },
): KeptEntry {
  const series = new Map(latencies(history).map((one) => [one.id, one]));
  const attempts = [...(earlier?.row.attempts ?? []), { run: verdict.run, href, exitCode: verdict.exitCode }];
  const outcome = outcomeOf(attempts.map(({ exitCode }) => exitCode));
  return {
    verdict,
    row: {
      ...{ position: place.position, scenario: verdict.scenario, seed: verdict.seed, attempts },
      where: placeWords({ ...place, attempt: 1 }),
      ...look(outcome),
      residue: verdict.residue?.verdict ?? (verdict.stage === "sim" ? "virtual time" : "not read"),
      freezeP99Ms: series.get("freeze.witness")?.p99Ms ?? null,
      withdrawalMs: series.get("withdrawal")?.maxMs ?? null,
      tookMs: (earlier?.row.tookMs ?? 0) + Math.max(0, verdict.endedAt - verdict.startedAt),
      // Of one that passed in the end an earlier attempt's trouble is worth as much.
      trouble: firstTrouble(verdict) ?? earlier?.row.trouble ?? "",
    },
  };
}

/** @param suite null while it goes on */
export function suitePage(kept: readonly KeptEntry[], suite: EndedSuite | null): string {
  const ran = new Map(kept.map(({ row }) => [row.position, row]));
  const missing = suite === null ? [] : suite.record.entries.filter(({ position }) => !ran.has(position)).map(notRun);
  const rows = [...ran.values(), ...missing].sort((one, other) => one.position - other.position);
  const counts = countsOf(rows).map(([outcome, count]) => `${count} ${outcomeLooks[outcome].word}`);
  const title = `${counts.join(", ")}${suite === null ? ", and it goes on" : ""}`;
  const begins = kept.map(({ verdict }) => verdict.startedAt);
  const ends = kept.map(({ verdict }) => verdict.endedAt);
  const startedAt = suite?.record.startedAt ?? Math.min(...begins);
  const endedAt = suite?.record.endedAt ?? Math.max(...ends);
  const data = {
    ...{ kind: "suite" as const, title, startedAt, tookMs: Math.max(0, endedAt - startedAt), rows },
    tone: toneOf(rows),
    stage: suite?.record.stage ?? kept[0]?.verdict.stage ?? "host",
    again: suite?.again ?? null,
  };
  return [...pageParts({ title, data, served: false })].join("");
}

function toneOf(rows: readonly SuiteRow[]): Tone {
  // What this machine cannot run takes nothing from what it can.
  const ran = rows.filter(({ outcome }) => outcome !== "skipped");
  if (ran.length > 0 && ran.every(({ outcome }) => isGood(outcome))) return "good";
  return rows.some(({ tone }) => tone === "bad") ? "bad" : "doubt";
}

function notRun(entry: EndedSuite["record"]["entries"][number]): SuiteRow {
  const { position, scenario, seed, outcome, attempts } = entry;
  return {
    ...{ position, scenario, seed, where: placeWords({ ...entry, attempt: 1 }), ...look(outcome) },
    ...{ residue: "", freezeP99Ms: null, withdrawalMs: null, tookMs: 0 },
    trouble: entry.skipped === undefined ? "" : `${entry.skipped.why} ${entry.skipped.remedy}`,
    attempts: attempts.map(({ run, exitCode }) => ({ run, exitCode, href: null })),
  };
}

function look(outcome: Outcome): Pick<SuiteRow, "outcome" | "word" | "tone"> {
  const { word, tone } = outcomeLooks[outcome];
  return { outcome, word, tone: tone === "good" || tone === "bad" || tone === "doubt" ? tone : "faint" };
}
