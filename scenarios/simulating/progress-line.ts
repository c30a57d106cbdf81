import { counted, duration, wholeNumber } from "../../reports/text/duration.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import { printable } from "../../reports/text/printable.ts";
import type { ShrinkProgress } from "../simulator/shrink/shrink-search.ts";
import { percent } from "./coverage-lines.ts";
import type { FailureKind, Tally } from "./tally.ts";

/** Whoever waits longer for the next result wants to know which seed it is. */
const longWaitMs = 10_000;

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

/** Which seeds are being run. */
export function rangeWords(seeds: readonly string[]): string {
  const [first = "", last = ""] = [seeds[0], seeds.at(-1)];
  return seeds.length === 1 ? `at ${printable(first)}` : `at ${printable(first)} … ${printable(last)}`;
}

export function shrinkingLine({ failure }: FailureKind, { runs, steps, choices }: ShrinkProgress): Line {
  const left = `${counted(steps, "step")}${choices === null || choices === 0 ? "" : `, ${counted(choices, "choice")}`}`;
  return [`Shrinking ${failure.invariant}: ${left} left`, faint(` after ${counted(runs, "run")}`)];
}

/** How fast it is, all in all. */
export function rateWords({ seeds, steps, events, agentHours }: Tally, tookMs: number): string[] {
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
