import { counted, duration, wholeNumber } from "../../reports/text/duration.ts";
import { flow } from "../../reports/text/flow.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import { printable } from "../../reports/text/printable.ts";
import type { Failure } from "../simulator/outcome.ts";
import type { ShrinkProgress } from "../simulator/shrink/shrink-search.ts";
import type { Campaign, CampaignResult } from "./campaign.ts";
import { coverageLines, percent } from "./coverage-lines.ts";
import type { FailureKind, Tally } from "./tally.ts";

const titleWidth = 10;
/** Whoever waits longer for the next result wants to know which seed it is. */
const longWaitMs = 10_000;

/** The first line: the seeds, and every option with what was drawn for it. */
export function headingLine(campaign: Campaign): Line {
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
  return [tinted(seedWords(campaign), "strong"), faint(` · ${words.join(" · ")}`)];
}

function seedWords({ source }: Campaign): string {
  const { count } = source;
  const name = (index: number) => printable(source.at(index));
  if (count === 1) return `Seed ${name(0)}`;
  if (count === Number.POSITIVE_INFINITY) return `Seeds ${name(0)}, ${name(1)} …`;
  return `Seeds ${name(0)} … ${name(count - 1)} (${wholeNumber(count)})`;
}

export interface Progress {
  readonly tookMs: number;
  /** How many there are; Infinity when they go on for ever. */
  readonly seeds: number;
  /** A share. */
  readonly coverage: number;
  /** The seeds that come next in the order, and for how long they have been waited for. */
  readonly waiting: { readonly seeds: readonly string[]; readonly forMs: number };
}

/** How it is getting on. */
export function progressLine(tally: Tally, { tookMs, seeds, coverage, waiting }: Progress): Line {
  const of = Number.isFinite(seeds) ? ` of ${wholeNumber(seeds)}` : "";
  const long = waiting.forMs >= longWaitMs && waiting.seeds.length > 0;
  return [
    `${wholeNumber(tally.seeds)}${of} seeds`,
    ...(tally.failed === 0 ? [] : [", ", tinted(`${wholeNumber(tally.failed)} failed`, "bad")]),
    ...(long ? [", ", tinted(`${rangeWords(waiting.seeds)} for ${duration(waiting.forMs)} now`, "doubt")] : []),
    faint(` · ${rateWords(tally, tookMs).join(" · ")} · coverage ${percent(coverage)}`),
  ];
}

function rangeWords(seeds: readonly string[]): string {
  const [first = "", last = ""] = [seeds[0], seeds.at(-1)];
  return seeds.length === 1 ? `at ${printable(first)}` : `at ${printable(first)} … ${printable(last)}`;
}

export function shrinkingLine({ failure }: FailureKind, { runs, steps, choices }: ShrinkProgress): Line {
  const left = `${counted(steps, "step")}${choices === null || choices === 0 ? "" : `, ${counted(choices, "choice")}`}`;
  return [`Shrinking ${failure.invariant}: ${left} left`, faint(` after ${counted(runs, "run")}`)];
}

/** What all the seeds came to together. */
export function summaryLines(result: CampaignResult, columns: number): Line[] {
  const { tally, tookMs, interrupted, unfinished, coverage, neverHit } = result;
  const layout = { width: columns, between: faint(" · "), indent: " ".repeat(titleWidth) };
  const marks =
    neverHit.length === 0
      ? []
      : flow(
          [titled("Never hit")],
          neverHit.map((mark) => [mark]),
          layout,
        );
  return [
    verdictLine(tally, interrupted),
    ...(unfinished.length === 0 ? [] : [[titled("Was"), rangeWords(unfinished)]]),
    [titled("Took"), duration(tookMs), faint(` · ${rateWords(tally, tookMs).join(" · ")}`)],
    ...completionLines(tally),
    ...coverageLines(coverage, columns),
    ...marks,
    ...(tally.seeds === 0 ? [] : [[titled("Digest"), tally.digest(), faint(" over all seeds in order")]]),
  ];
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
    ...(tally.seeds > 1 ? [[titled(""), `by seed: ${rates}`]] : []),
  ];
}

function rateWords({ seeds, steps, events, agentHours }: Tally, tookMs: number): string[] {
  const perSecond = (count: number) => (count * 1_000) / Math.max(1, tookMs);
  return [
    `${figure(perSecond(seeds))} seeds/s`,
    `${figure(perSecond(steps))} steps/s (${figure(perSecond(events))} events/s)`,
    `${figure(perSecond(agentHours))} agent-hours/s`,
  ];
}

/** Three digits that mean something: `0.31`, `42.7`, `1,234,000`. */
function figure(value: number): string {
  if (value < 10) return value.toFixed(2);
  return value < 100 ? value.toFixed(1) : wholeNumber(Number(value.toPrecision(3)));
}

function titled(title: string) {
  return tinted(title.padEnd(titleWidth), "strong");
}
