import type { HistoryRecord } from "../../protocol/history.ts";
import { WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import { percentile } from "./percentile.ts";

/** How long one kind of thing took, in milliseconds; nearest-rank percentiles. */
export interface LatencySeries {
  /** Stable: `freeze.witness`, `withdrawal.terminate`. */
  readonly id: string;
  readonly title: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Every latency of a run that was measured at least once. */
export function latencies(history: readonly HistoryRecord[]): LatencySeries[] {
  const samples = new Map<string, { title: string; ms: number[] }>(
    Object.entries(titles).map(([id, title]) => [id, { title, ms: [] }]),
  );
  const add = (id: string, title: string, ms: number) => {
    const series = samples.get(id);
    if (series === undefined) samples.set(id, { title, ms: [ms] });
    else series.ms.push(ms);
  };
  const known = (id: keyof typeof titles, ms: number) => add(id, titles[id], ms);
  for (const { type, data } of history) {
    if (type === "witness.freeze") known("freeze.witness", data.latencyMs);
    // A freeze that found no process to stop took no time, and would make the others look faster than they were.
    if (type === "agent.frozen" && data.processes > 0) known("freeze.agent", data.freezeMs);
    if (type === "witness.resume") known("resume.witness", data.latencyMs);
    if (type === "agent.checkpoint") known("checkpoint.agent", data.durationMs);
    if (type !== "agent.withdrawal") continue;
    known("withdrawal", Math.max(0, data.report.endedAt - data.report.startedAt));
    for (const { step, durationMs } of data.report.steps) add(`withdrawal.${step}`, `withdrawal: ${step}`, durationMs);
  }
  return [...samples].flatMap(([id, { title, ms }]) => (ms.length === 0 ? [] : [seriesOf(id, title, ms)]));
}

/** How a series is called; a withdrawal has one more for each of its steps. */
const titles = {
  "freeze.witness": "freeze, seen from outside",
  "freeze.agent": "freeze, by the agent",
  "resume.witness": "resume, seen from outside",
  "checkpoint.agent": "checkpoint",
  withdrawal: "withdrawal",
} as const;

/** The ids of all series that there can be. */
export const latencyIds = [
  ...(Object.keys(titles) as (keyof typeof titles)[]),
  ...WithdrawalStep.shape.step.options.map((step) => `withdrawal.${step}` as const),
];

function seriesOf(id: string, title: string, samples: readonly number[]): LatencySeries {
  return {
    id,
    title,
    count: samples.length,
    p50Ms: percentile(samples, 50),
    p99Ms: percentile(samples, 99),
    maxMs: percentile(samples, 100),
  };
}
