import { counted, duration, wholeNumber } from "../../reports/text/duration.ts";
import { type Flow, flow } from "../../reports/text/flow.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import { printable } from "../../reports/text/printable.ts";
import type { Failure } from "../simulator/outcome.ts";
import type { Campaign, CampaignResult } from "./campaign.ts";
import { coverageLines, percent } from "./coverage-lines.ts";
import { rangeWords, rateWords } from "./progress-line.ts";
import type { FailureKind, Tally } from "./tally.ts";

const titleWidth = 10;
/** So many of the situations that no seed got into are named, so that all fits on a screen. */
const marksShownMax = 16;

/** What comes first: the seeds, and every option with what was drawn for it. */
export function headingLines(campaign: Campaign, columns: number): Line[] {
  const { wishes, workers, untilFailure, determinism, shrink } = campaign;
  const drawn = (value: number | undefined, unit: string) =>
    value === undefined ? `${unit}s drawn` : counted(value, unit);
  const words = [
    `profile ${wishes.profile}`,
    drawn(wishes.agents, "agent"),
    drawn(wishes.minutes, "minute"),
    counted(workers, "worker"),
    ...(untilFailure ? ["until one fails"] : []),
    ...(determinism ? ["every seed twice"] : []),
    ...(shrink ? [] : ["no shrinking"]),
  ];
  const entries = words.map((word) => [faint(word)]);
  return flow([tinted(seedWords(campaign), "strong"), faint(" · ")], entries, layoutFor(columns));
}

function seedWords({ source }: Campaign): string {
  const { count } = source;
  const name = (index: number) => printable(source.at(index));
  if (count === 1) return `Seed ${name(0)}`;
  if (count === Number.POSITIVE_INFINITY) return `Seeds ${name(0)}, ${name(1)} …`;
  return `Seeds ${name(0)} … ${name(count - 1)} (${wholeNumber(count)})`;
}

/** What all the seeds came to together. */
export function summaryLines(result: CampaignResult, columns: number): Line[] {
  const { tally, tookMs, interrupted, unfinished, coverage, neverHit } = result;
  return [
    verdictLine(tally, interrupted),
    ...(unfinished.length === 0 ? [] : [[titled("Was"), rangeWords(unfinished)]]),
    [titled("Took"), duration(tookMs), faint(` · ${rateWords(tally, tookMs).join(" · ")}`)],
    ...completionLines(tally),
    ...coverageLines(coverage, columns),
    ...neverHitLines(neverHit, columns),
    ...(tally.seeds === 0 ? [] : [[titled("Digest"), tally.digest(), faint(" over all seeds in order")]]),
  ];
}

function neverHitLines(marks: readonly string[], columns: number): Line[] {
  if (marks.length === 0) return [];
  const more = marks.length - marksShownMax;
  const entries = [...marks.slice(0, marksShownMax), ...(more > 0 ? [`and ${wholeNumber(more)} more (--json)`] : [])];
  return flow(
    [titled("Never hit")],
    entries.map((entry) => [entry]),
    layoutFor(columns),
  );
}

/** One failure: which, how often, and its story. */
export function failureLines({ failure, seed, count }: FailureKind, seeds: number): Line[] {
  const often = count === 1 ? "" : ` (${wholeNumber(count)} of ${wholeNumber(seeds)} seeds, this one first)`;
  return [
    [],
    [
      tinted(" FAIL ", "headlineBad"),
      " ",
      tinted(failure.invariant, "strong"),
      ` with seed ${printable(seed)}`,
      faint(often),
    ],
    ...storyLines(failure),
  ];
}

export function storyLines({ kind, atMs, story }: Failure): Line[] {
  const when = atMs > 0 ? `${duration(atMs)} into the run; ` : "";
  return [[faint(`  ${when}${meanings[kind]}`)], ...story.map((line): Line => [`  ${printable(line)}`])];
}

const meanings: Record<Failure["kind"], string> = {
  safety: "something happened that never may",
  liveness: "something did not happen in time",
  crash: "the code itself gave up",
};

function verdictLine({ seeds, failed }: Tally, interrupted: boolean): Line {
  const ran = counted(seeds, "seed");
  if (failed > 0) return [tinted(" FAIL ", "headlineBad"), ` ${ran}, ${wholeNumber(failed)} failed`];
  if (interrupted) return [tinted(" INTERRUPTED ", "headlineDoubt"), ` after ${ran}, none of which failed`];
  return [tinted(" PASS ", "headlineGood"), ` ${ran}, none failed`];
}

function completionLines(tally: Tally): Line[] {
  const spread = tally.completion();
  if (spread === null) return [];
  const { submitted, completed, failed, cancelled } = tally.jobs;
  const other = `${wholeNumber(failed)} failed, ${wholeNumber(cancelled)} cancelled`;
  const rates = `min ${percent(spread.min)}, median ${percent(spread.median)}, max ${percent(spread.max)}`;
  return [
    [
      titled("Jobs"),
      `${wholeNumber(completed)} of ${wholeNumber(submitted)} completed (${percent(completed / submitted)})`,
      faint(`, ${other}`),
    ],
    ...(tally.seeds > 1 ? [[titled(""), `while faults went on, by seed: ${rates}`]] : []),
  ];
}

function layoutFor(columns: number): Flow {
  return { width: columns, between: faint(" · "), indent: " ".repeat(titleWidth) };
}

function titled(title: string) {
  return tinted(title.padEnd(titleWidth), "strong");
}
