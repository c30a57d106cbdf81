import type { HistoryRecord } from "../../protocol/history.ts";
import type { JobState } from "../../protocol/job-states.ts";

/** What became of the jobs of a run. Every count is of jobs unless its name says otherwise. */
export interface JobsSummary {
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** At the end in the queue or on offer: nobody works on them. */
  readonly waiting: number;
  /** At the end still leased to somebody. */
  readonly leased: number;
  /** Not ended, and given back by an agent with its last lease. */
  readonly handedBack: number;
  /** Of those, with a checkpoint that another host can go on from. */
  readonly handedBackWithCheckpoint: number;
  /** Leased more than once. */
  readonly leasedAgain: number;
  /** Checkpoints that were saved, and their archives' bytes. */
  readonly checkpoints: number;
  readonly checkpointBytes: number;
  readonly checkpointsFailed: number;
  /** Results that the harness computed for itself, and those of them that agreed. */
  readonly resultsVerified: number;
  readonly resultsCorrect: number;
  /** Requests that the broker refused, by code. */
  readonly refusals: readonly { readonly code: string; readonly count: number }[];
}

/** Counts jobs by the broker's records, checkpoints by the agent's, and results by the witness's. */
export function jobsSummary(history: readonly HistoryRecord[]): JobsSummary {
  const jobs = new Map<string, JobStory>();
  const story = (jobId: string): JobStory => {
    const known = jobs.get(jobId);
    if (known !== undefined) return known;
    const fresh: JobStory = { state: "queued", grants: 0, handedBack: null };
    jobs.set(jobId, fresh);
    return fresh;
  };
  for (const { type, data } of history) {
    if (type === "broker.job") story(data.jobId).state = data.to;
    if (type === "broker.leased") {
      story(data.jobId).grants += 1;
      story(data.jobId).handedBack = null;
    }
    if (type === "broker.released" && data.how === "handed-back") {
      story(data.jobId).handedBack = data.checkpoint === null ? "without-checkpoint" : "with-checkpoint";
    }
  }
  const all = [...jobs.values()];
  const inState = (...states: JobState[]) => all.filter(({ state }) => states.includes(state));
  const returned = inState("queued", "offered", "leased").filter(({ handedBack }) => handedBack !== null);
  return {
    submitted: all.length,
    completed: inState("completed").length,
    failed: inState("failed").length,
    cancelled: inState("cancelled").length,
    waiting: inState("queued", "offered").length,
    leased: inState("leased").length,
    handedBack: returned.length,
    handedBackWithCheckpoint: returned.filter(({ handedBack }) => handedBack === "with-checkpoint").length,
    leasedAgain: all.filter(({ grants }) => grants > 1).length,
    ...checkpointsIn(history),
    ...resultsIn(history),
    refusals: refusalsIn(history),
  };
}

interface JobStory {
  state: JobState;
  grants: number;
  handedBack: "with-checkpoint" | "without-checkpoint" | null;
}

function checkpointsIn(history: readonly HistoryRecord[]) {
  const saved = history.flatMap((record) => (record.type === "agent.checkpoint" ? [record.data.checkpoint] : []));
  return {
    checkpoints: saved.length,
    checkpointBytes: saved.reduce((sum, { archiveBytes }) => sum + archiveBytes, 0),
    checkpointsFailed: history.filter(({ type }) => type === "agent.checkpoint-failed").length,
  };
}

function resultsIn(history: readonly HistoryRecord[]) {
  const seen = new Map<string, boolean>();
  for (const { type, data } of history) if (type === "witness.result") seen.set(data.jobId, data.correct);
  return { resultsVerified: seen.size, resultsCorrect: [...seen.values()].filter(Boolean).length };
}

function refusalsIn(history: readonly HistoryRecord[]): JobsSummary["refusals"] {
  const counts = new Map<string, number>();
  for (const { type, data } of history) {
    if (type === "broker.refused") counts.set(data.code, (counts.get(data.code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => ({ code, count })).toSorted((a, b) => (a.code < b.code ? -1 : 1));
}
