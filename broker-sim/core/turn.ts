import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import type { BrokerEvent } from "../../protocol/messages.ts";
import type { BrokerState } from "./broker-state.ts";
import type { Effect, HistoryEntry } from "./effects.ts";
import type { AgentRecord, JobRecord } from "./records.ts";

/** One input being decided: the state, the time, and what has come out so far. */
export interface Turn {
  readonly state: BrokerState;
  readonly nowMs: number;
  readonly jobsChanged: Set<JobRecord>;
  readonly jobsRemoved: Set<string>;
  readonly agentsChanged: Set<AgentRecord>;
  /** How many jobs joined the queue in this turn. */
  jobsQueued: number;
  /** Everything but `persist` and `alarm`, which come from what was changed. */
  readonly effects: Effect[];
}

/** Starts a turn. Time never runs backwards for the broker, whatever the clock of its machine does. */
export function beginTurn(state: BrokerState, nowMs: number): Turn {
  state.nowMs = Math.max(state.nowMs, nowMs);
  return {
    state,
    nowMs: state.nowMs,
    jobsChanged: new Set(),
    jobsRemoved: new Set(),
    agentsChanged: new Set(),
    jobsQueued: 0,
    effects: [],
  };
}

/** The effects of a turn, the store's first. */
export function endTurn(turn: Turn): Effect[] {
  const { state, jobsChanged, jobsRemoved, agentsChanged } = turn;
  const effects: Effect[] = [];
  for (const job of jobsChanged) if (jobsRemoved.has(job.jobId)) jobsChanged.delete(job);
  if (jobsChanged.size + jobsRemoved.size + agentsChanged.size > 0) {
    const batch = { jobs: [...jobsChanged], jobsRemoved: [...jobsRemoved], agents: [...agentsChanged] };
    effects.push({ kind: "persist", batch });
  }
  effects.push(...turn.effects);
  const atMs = state.alarms.nextAtMs();
  if (atMs !== state.alarmAtMs) {
    state.alarmAtMs = atMs;
    effects.push({ kind: "alarm", atMs });
  }
  return effects;
}

export function record<T extends HistoryType>(turn: Turn, type: T, data: HistoryData<T>): void {
  turn.effects.push({ kind: "history", entry: { type, data } as HistoryEntry });
}

export function push(turn: Turn, agentId: string, event: BrokerEvent): void {
  turn.effects.push({ kind: "push", agentId, event });
}
