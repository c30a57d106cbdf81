import type { HistoryRecord } from "../../protocol/history.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import { frozenTime, type FrozenTime } from "./frozen-time.ts";
import { jobsSummary, type JobsSummary } from "./jobs.ts";
import { latencies, type LatencySeries } from "./latencies.ts";
import { agentTimelines, type AgentTimeline } from "./timeline.ts";

/** Everything that is derived from the history of a run, and can be derived again. */
export interface RunFigures {
  readonly timelines: readonly AgentTimeline[];
  readonly latencies: readonly LatencySeries[];
  readonly frozen: FrozenTime | null;
  readonly jobs: JobsSummary;
  readonly withdrawals: readonly WithdrawalReport[];
}

export function runFigures(history: readonly HistoryRecord[]): RunFigures {
  return {
    timelines: agentTimelines(history),
    latencies: latencies(history),
    frozen: frozenTime(history),
    jobs: jobsSummary(history),
    withdrawals: history.flatMap((record) => (record.type === "agent.withdrawal" ? [record.data.report] : [])),
  };
}
