import type { HistoryRecord } from "../../protocol/history.ts";
import type { JobView } from "../../protocol/messages.ts";
import { StepError } from "./step-error.ts";

type Times = Pick<JobView, "jobId" | "submittedAt" | "startedAt" | "completedAt">;

/**
 * I4: a job's times are set once and in order; however often it changed hands, it began with its first lease. By the
 * broker's own clock; where a fault may have changed that, or made it forget, there is nothing to say.
 *
 * @throws StepError `times-changed`
 */
export function checkTimesKept(records: readonly HistoryRecord[], jobs: readonly Times[]): void {
  if (records.some((record) => record.type === "fault.applied" && record.data.fault !== "kill-agent")) return;
  const firstLeasedAt = new Map<string, number>();
  for (const { type, at, data } of records) {
    if (type === "broker.leased" && !firstLeasedAt.has(data.jobId)) firstLeasedAt.set(data.jobId, at);
  }
  for (const { jobId, submittedAt, startedAt, completedAt } of jobs) {
    const leasedAt = firstLeasedAt.get(jobId);
    if (startedAt === null || leasedAt === undefined) continue;
    const isKept = submittedAt <= startedAt && startedAt <= leasedAt && startedAt <= (completedAt ?? startedAt);
    if (isKept) continue;
    throw new StepError(`${jobId} was leased first at ${leasedAt}, and its start is told as ${startedAt}.`, {
      code: "times-changed",
      next: "A job's times are set once: look for its `broker.leased` in the run directory's history.jsonl.",
    });
  }
}
