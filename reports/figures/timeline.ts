import { type AgentState, agentStates } from "../../protocol/agent-states.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import { historyBegin, historyEnd } from "./history-span.ts";

/** A stretch of time that an agent spent in one state; times in milliseconds since the run began. */
export interface StateSpan {
  readonly state: AgentState;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface AgentTimeline {
  /** The agent's instance. */
  readonly instance: string;
  readonly spans: readonly StateSpan[];
  /** `open`: the history ends while the agent is still at it. */
  readonly ending: "withdrawn" | "stopped" | "open";
  /** Time in each state that the agent was ever in, and how often it came to it; in the order of the state table. */
  readonly states: readonly { readonly state: AgentState; readonly ms: number; readonly times: number }[];
}

/** What each agent was doing when, from its own records; one timeline an instance, in the order of their starts. */
export function agentTimelines(history: readonly HistoryRecord[]): AgentTimeline[] {
  const bySource = new Map<string, HistoryRecord[]>();
  for (const record of history) {
    if (record.actor !== "agent") continue;
    const records = bySource.get(record.source);
    if (records === undefined) bySource.set(record.source, [record]);
    else records.push(record);
  }
  const span = { begin: historyBegin(history), end: historyEnd(history) };
  return [...bySource]
    .map(([instance, records]) => timelineOf(instance, records, { ...span, exits: exitTimes(history) }))
    .filter((timeline) => timeline.spans.length > 0)
    .toSorted((a, b) => (a.spans[0]?.fromMs ?? 0) - (b.spans[0]?.fromMs ?? 0));
}

function timelineOf(
  instance: string,
  records: readonly HistoryRecord[],
  run: { begin: number; end: number; exits: ReadonlyMap<number, number> },
): AgentTimeline {
  const spans: StateSpan[] = [];
  const ordered = records.toSorted((a, b) => a.sequence - b.sequence);
  const firstChange = ordered.find((record) => record.type === "agent.state");
  // An agent that has not moved yet is where every agent begins.
  let state: AgentState = firstChange?.data.from ?? "Enrolling";
  let since: number | undefined;
  let stoppedAt: number | undefined;
  let exitedAt: number | undefined;
  const leave = (at: number) => {
    if (since === undefined) return;
    spans.push({ state, fromMs: since - run.begin, toMs: Math.max(since, at) - run.begin });
  };
  for (const record of ordered) {
    if (record.type === "agent.started") {
      since ??= record.at;
      exitedAt = run.exits.get(record.data.pid);
    }
    if (record.type === "agent.shutdown" && record.data.stage === "end") stoppedAt = record.at;
    if (record.type !== "agent.state") continue;
    since ??= record.at;
    if (record.data.to === state) continue;
    leave(record.at);
    state = record.data.to;
    since = record.at;
  }
  // Withdrawn is for ever: what matters is when it came, not how long the harness went on.
  if (state !== "Withdrawn") leave(stoppedAt ?? exitedAt ?? run.end);
  const stopped = stoppedAt ?? exitedAt;
  const ending = state === "Withdrawn" ? "withdrawn" : stopped === undefined ? "open" : "stopped";
  return { instance, spans, ending, states: totals(spans) };
}

function totals(spans: readonly StateSpan[]): AgentTimeline["states"] {
  return agentStates.flatMap((state) => {
    const own = spans.filter((span) => span.state === state);
    if (own.length === 0) return [];
    return [{ state, ms: own.reduce((sum, span) => sum + span.toMs - span.fromMs, 0), times: own.length }];
  });
}

function exitTimes(history: readonly HistoryRecord[]): Map<number, number> {
  const exits = new Map<number, number>();
  for (const record of history) if (record.type === "process.exit") exits.set(record.data.pid, record.at);
  return exits;
}
