import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import type { BrokerEvent } from "../../protocol/messages.ts";
import type { BrokerState } from "./broker-state.ts";
import type { Effect, HistoryEntry, StoreBatch } from "./effects.ts";
import type { ExecutionRecord } from "./executions/execution-record.ts";
import { type FederationRecord, keyOfRecord } from "./federation/federation-records.ts";
import type { KnownAgent } from "./known-agent.ts";
import type { JobRecord } from "./records.ts";

const none: readonly never[] = [];

/** One input being decided: the state, the time, and what has come out so far. */
export interface Turn {
  readonly state: BrokerState;
  readonly nowMs: number;
  /** What the store has to hear of; null while that is nothing, as in most turns. */
  jobsChanged: Set<JobRecord> | null;
  jobsRemoved: Set<string> | null;
  agentsChanged: Set<KnownAgent> | null;
  executionsChanged: Set<ExecutionRecord> | null;
  executionsRemoved: Set<string> | null;
  /** By their keys; null for one that is forgotten. */
  federationChanged: Map<string, FederationRecord | null> | null;
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
    jobsChanged: null,
    jobsRemoved: null,
    agentsChanged: null,
    executionsChanged: null,
    executionsRemoved: null,
    federationChanged: null,
    jobsQueued: 0,
    effects: [],
  };
}

/** The effects of a turn, the store's first. */
export function endTurn(turn: Turn): Effect[] {
  const { state, effects } = turn;
  const batch = batchOf(turn);
  if (batch !== null) effects.unshift({ kind: "persist", batch });
  const atMs = state.alarms.nextAtMs();
  if (atMs !== state.alarmAtMs) {
    state.alarmAtMs = atMs;
    effects.push({ kind: "alarm", atMs });
  }
  return effects;
}

export function persistJob(turn: Turn, job: JobRecord): void {
  turn.jobsChanged ??= new Set();
  turn.jobsChanged.add(job);
}

export function removeStoredJob(turn: Turn, jobId: string): void {
  turn.jobsRemoved ??= new Set();
  turn.jobsRemoved.add(jobId);
}

export function persistAgent(turn: Turn, agent: KnownAgent): void {
  turn.agentsChanged ??= new Set();
  turn.agentsChanged.add(agent);
}

export function persistExecution(turn: Turn, execution: ExecutionRecord): void {
  turn.executionsChanged ??= new Set();
  turn.executionsChanged.add(execution);
}

export function removeStoredExecution(turn: Turn, executionId: string): void {
  turn.executionsRemoved ??= new Set();
  turn.executionsRemoved.add(executionId);
}

export function persistFederation(turn: Turn, kept: FederationRecord): void {
  turn.federationChanged ??= new Map();
  turn.federationChanged.set(keyOfRecord(kept), kept);
}

export function forgetFederation(turn: Turn, key: string): void {
  turn.federationChanged ??= new Map();
  turn.federationChanged.set(key, null);
}

export function record<T extends HistoryType>(turn: Turn, type: T, data: HistoryData<T>): void {
  turn.effects.push({ kind: "history", entry: { type, data } as HistoryEntry });
}

export function push(turn: Turn, agentId: string, event: BrokerEvent): void {
  turn.effects.push({ kind: "push", agentId, event });
}

function batchOf(turn: Turn): StoreBatch | null {
  const { jobsChanged, jobsRemoved, agentsChanged, executionsChanged, executionsRemoved, federationChanged } = turn;
  if (
    jobsChanged === null &&
    jobsRemoved === null &&
    agentsChanged === null &&
    executionsChanged === null &&
    federationChanged === null
  )
    return null;
  const agents = agentsChanged === null ? none : Array.from(agentsChanged, (agent) => agent.stored());
  const changed = jobsChanged === null ? none : [...jobsChanged];
  const jobs = jobsRemoved === null ? changed : changed.filter(({ jobId }) => !jobsRemoved.has(jobId));
  const removed = jobsRemoved === null ? none : [...jobsRemoved];
  // As nearly always.
  if (executionsChanged === null && federationChanged === null && executionsRemoved === null) {
    return { jobs, jobsRemoved: removed, agents };
  }
  return {
    jobs,
    jobsRemoved: removed,
    agents,
    // None that is changed goes: what goes was over before.
    ...(executionsChanged === null ? {} : { executions: [...executionsChanged] }),
    ...(federationChanged === null ? {} : { federation: federationChanged }),
    ...(executionsRemoved === null ? {} : { executionsRemoved: [...executionsRemoved] }),
  };
}
