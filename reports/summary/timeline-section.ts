import type { AgentState } from "../../protocol/agent-states.ts";
import type { AgentTimeline, StateSpan } from "../figures/timeline.ts";
import { counted, duration } from "../text/duration.ts";
import { flow } from "../text/flow.ts";
import { faint, type Line, type Piece, tinted, type Tone } from "../text/line.ts";
import { shorten } from "../text/width.ts";
import type { Section } from "./run-view.ts";

const agentsShownMax = 4;

/** What each agent was doing when, as a bar in proportion, and how long in each state. */
export const timelineSection: Section = ({ figures: { timelines } }, width) => {
  if (timelines.length === 0) return [];
  const lines: Line[] = [[tinted(timelines.length === 1 ? "Agent" : "Agents", "heading")]];
  for (const timeline of timelines.slice(0, agentsShownMax)) {
    if (timelines.length > 1) lines.push([faint(`  instance ${shorten(timeline.instance, 13)}`)]);
    lines.push(["  ", ...timelineBar(timeline.spans, width - 2)], ...scaleAndLegend(timeline, width));
  }
  const more = timelines.length - agentsShownMax;
  if (more > 0) lines.push([faint(`  and ${counted(more, "more instance")}, in --format json`)]);
  return lines;
};

export const stateTones: Record<AgentState, Tone> = {
  Enrolling: "enrolling",
  Idle: "idle",
  Working: "working",
  Paused: "paused",
  Withdrawing: "withdrawing",
  Withdrawn: "strong",
};

/** Told apart without colour too. */
const fills: Record<AgentState, string> = {
  Enrolling: "·",
  Idle: "─",
  Working: "█",
  Paused: "░",
  Withdrawing: "▚",
  Withdrawn: " ",
};

/**
 * A bar of `width` columns. Where there is room, each span has at least a column, so that a short pause is not lost;
 * where there are too many, the columns share them out in proportion.
 */
export function timelineBar(spans: readonly StateSpan[], width: number): Piece[] {
  const cells = spans.length * 3 <= width ? everySpan(spans, width) : sampled(spans, width);
  const pieces: { state: AgentState; text: string }[] = [];
  for (const state of cells) {
    const last = pieces.at(-1);
    if (last?.state === state) last.text += fills[state];
    else pieces.push({ state, text: fills[state] });
  }
  return pieces.map(({ state, text }) => tinted(text, stateTones[state]));
}

/** Largest remainder, over a column that each span has for certain. */
function everySpan(spans: readonly StateSpan[], width: number): AgentState[] {
  const total = spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const free = width - spans.length;
  const shares = spans.map(({ fromMs, toMs }, index) => {
    const exact = total === 0 ? free / spans.length : ((toMs - fromMs) / total) * free;
    return { index, columns: 1 + Math.floor(exact), rest: exact % 1 };
  });
  const given = shares.reduce((sum, { columns }) => sum + columns, 0);
  const neediest = shares.toSorted((a, b) => b.rest - a.rest || a.index - b.index).slice(0, Math.max(0, width - given));
  for (const share of neediest) share.columns += 1;
  return spans.flatMap(({ state }, index) => Array<AgentState>(shares[index]?.columns ?? 0).fill(state));
}

/**
 * Each column takes the state to which the columns so far still owe most, so that the bar's shares stay those of the
 * time although one column spans many changes.
 */
function sampled(spans: readonly StateSpan[], width: number): AgentState[] {
  const begin = spans[0]?.fromMs ?? 0;
  const step = ((spans.at(-1)?.toMs ?? 0) - begin) / width;
  const owed = new Map<AgentState, number>();
  return Array.from({ length: width }, (_, cell) => {
    const from = begin + cell * step;
    for (const { state, fromMs, toMs } of spans) {
      const inside = Math.min(toMs, from + step) - Math.max(fromMs, from);
      if (inside > 0) owed.set(state, (owed.get(state) ?? 0) + inside);
    }
    const [state] = [...owed].toSorted((a, b) => b[1] - a[1])[0] ?? [spans[0]?.state ?? "Enrolling"];
    owed.set(state, (owed.get(state) ?? 0) - step);
    return state;
  });
}

function scaleAndLegend({ spans, states, ending }: AgentTimeline, width: number): Line[] {
  const begin = spans[0]?.fromMs ?? 0;
  const end = spans.at(-1)?.toMs ?? begin;
  const entries = states.map(({ state, ms, times }): Piece[] => [
    tinted(`${fills[state]} ${state}`, stateTones[state]),
    ` ${duration(ms)}${times > 1 ? ` in ${times}` : ""}`,
  ]);
  const finish = { withdrawn: "withdrawn", stopped: "stopped", open: "still there" }[ending];
  entries.push([faint(`${finish} ${duration(end - begin)} after its start`)]);
  return flow(["  "], entries, { width, between: "   ", indent: "  " });
}
