import type { AgentState } from "../../protocol/agent-states.ts";
import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import { isTerminalJob, type JobState } from "../../protocol/job-states.ts";
import { type Notable, notable } from "./notable.ts";

/** What is going on in a run right now; grows record by record. */
export interface RunStatus {
  scenario: string;
  /** When the run began, in ms since the epoch; undefined before its first record. */
  beganAt: number | undefined;
  stepsPlanned: number | undefined;
  step: { readonly number: number; readonly title: string; readonly at: number } | undefined;
  phase: { readonly name: string; readonly at: number } | undefined;
  readonly agents: Map<string, { state: AgentState; since: number }>;
  readonly jobs: Map<string, JobState>;
  /** Jobs that an agent gave back and nobody holds again. */
  readonly handedBack: Set<string>;
  last: Notable | undefined;
  /** Of a run in virtual time: what time it is there, in ms since the epoch. */
  virtualNow: number | undefined;
}

export function newRunStatus(): RunStatus {
  return {
    scenario: "",
    beganAt: undefined,
    stepsPlanned: undefined,
    step: undefined,
    phase: undefined,
    agents: new Map(),
    jobs: new Map(),
    handedBack: new Set(),
    last: undefined,
    virtualNow: undefined,
  };
}

/** Takes one record in. */
export function observe(status: RunStatus, record: HistoryRecord): void {
  status.beganAt ??= record.at;
  status.last = notable(record) ?? status.last;
  const change = changes[record.type] as ((status: RunStatus, record: HistoryRecord) => void) | undefined;
  change?.(status, record);
  if (status.virtualNow !== undefined) status.virtualNow = Math.max(status.virtualNow, record.at);
}

type RecordOf<T extends HistoryType> = Extract<HistoryRecord, { type: T }>;

const changes: { readonly [T in HistoryType]?: (status: RunStatus, record: RecordOf<T>) => void } = {
  "run.started"(status, { at, data }) {
    if (data.options["stage"] === "sim") status.virtualNow = at;
    status.scenario = data.scenario;
    status.stepsPlanned = data.steps;
  },
  "run.phase"(status, { at, data }) {
    status.phase = data.edge === "begin" ? { name: data.phase, at } : undefined;
  },
  "step.begin"(status, { at, data }) {
    // What a step holds is part of it: several may go on side by side.
    if (data.path === undefined) status.step = { number: data.index + 1, title: data.title, at };
  },
  "step.end"(status, { data }) {
    if (data.path === undefined) status.step = undefined;
  },
  "agent.started"(status, { at, source }) {
    status.agents.set(source, { state: "Enrolling", since: at });
  },
  "agent.state"(status, { at, source, data }) {
    if (status.agents.get(source)?.state !== data.to) status.agents.set(source, { state: data.to, since: at });
  },
  "broker.job"(status, { data }) {
    status.jobs.set(data.jobId, data.to);
    if (isTerminalJob(data.to)) status.handedBack.delete(data.jobId);
  },
  "broker.leased"(status, { data }) {
    status.handedBack.delete(data.jobId);
  },
  "broker.released"(status, { data }) {
    if (data.how === "handed-back") status.handedBack.add(data.jobId);
  },
};
