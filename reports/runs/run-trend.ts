import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseHistoryLine } from "../../protocol/history.ts";
import { percentile } from "../figures/percentile.ts";

/** What of a run is followed over time; null where it was not measured. */
export interface RunTrend {
  /** Of the freezes that were seen from outside, else of those that the agent told. */
  readonly freezeP99Ms: number | null;
  readonly withdrawalP99Ms: number | null;
}

/** Only these lines of a history are parsed, of which most have others. */
const telling = /"type":"(witness\.freeze|agent\.frozen|agent\.withdrawal)"/;

/** Reads what is followed over time from a run's history; nothing where that cannot be read. */
export function runTrend(runDirectory: string): RunTrend {
  const samples = { seen: [] as number[], told: [] as number[], withdrawals: [] as number[] };
  for (const line of linesOf(join(runDirectory, "history.jsonl"))) {
    if (!telling.test(line)) continue;
    const parsed = parseHistoryLine(line);
    if (!("record" in parsed)) continue;
    const { type, data } = parsed.record;
    if (type === "witness.freeze") samples.seen.push(data.latencyMs);
    if (type === "agent.frozen" && data.processes > 0) samples.told.push(data.freezeMs);
    if (type === "agent.withdrawal") samples.withdrawals.push(Math.max(0, data.report.endedAt - data.report.startedAt));
  }
  const p99 = (of: readonly number[]) => (of.length === 0 ? null : percentile(of, 99));
  return { freezeP99Ms: p99(samples.seen) ?? p99(samples.told), withdrawalP99Ms: p99(samples.withdrawals) };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    // A run that was killed at once has none, and one of somebody else may not be read.
    return [];
  }
}
