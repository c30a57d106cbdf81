import { latencies, type LatencySeries } from "../figures/latencies.ts";
import { counted, duration } from "../text/duration.ts";
import type { Candidate } from "./candidate.ts";
import type { GateRow, LatencyLimit } from "./policy.ts";
import { touchedHost } from "./run-check.ts";

/** One row for each limit, over all measurements of all runs with real processes together: modelled time proves nothing. */
export function latencyLimits(limits: readonly LatencyLimit[], candidates: readonly Candidate[]): GateRow[] {
  const runs = candidates.map(({ run }) => run).filter(touchedHost);
  const measured = latencies(runs.flatMap(({ history }) => [...history]));
  return limits.map((limit) =>
    rowOf(
      limit,
      measured.find(({ id }) => id === limit.latency),
    ),
  );
}

function rowOf(limit: LatencyLimit, series: LatencySeries | undefined): GateRow {
  const bounds = [
    { name: "p50", maxMs: limit.p50MsMax, seenMs: series?.p50Ms },
    { name: "p99", maxMs: limit.p99MsMax, seenMs: series?.p99Ms },
    { name: "worst", maxMs: limit.worstMsMax, seenMs: series?.maxMs },
  ].flatMap(({ name, maxMs, seenMs }) => (maxMs === undefined ? [] : [{ name, maxMs, seenMs: seenMs ?? Infinity }]));
  const subject = `${limit.latency} ${bounds.map(({ name, maxMs }) => `${name} ≤ ${duration(maxMs)}`).join(", ")}`;
  const row = (result: GateRow["result"], detail: string): GateRow => {
    return { check: "latency", subject, result, detail, run: null };
  };
  if (series === undefined) return row("unknown", "no run with real processes measured it");
  const figures = bounds.map(({ name, seenMs }) => `${name} ${duration(seenMs)}`).join(", ");
  if (bounds.some(({ maxMs, seenMs }) => seenMs > maxMs)) return row("fail", `${figures} of ${series.count}`);
  if (series.count < limit.samplesMin) {
    return row("unknown", `only ${counted(series.count, "measurement")}, and ${limit.samplesMin} are to be had`);
  }
  return row("pass", `${figures} of ${series.count}`);
}
