import type { HistoryRecord } from "../../../protocol/history.ts";
import { isTerminalJob } from "../../../protocol/job-states.ts";
import { checkerOf, passed, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { Recent } from "../recent.ts";
import { violation } from "../story.ts";

/**
 * I3: a job's completion is recorded once, and a settled job stays settled. A job that a store forgot or took back (fault
 * `lose-store`) may end again: nobody is left who knows of the first end.
 */
export const completionOnce = checkerOf("every completion is recorded once (I3)", () => {
  const ended = new Recent<HistoryRecord & { type: "broker.released" }>();
  const settled = new Recent<HistoryRecord & { type: "broker.job" }>();
  let completions = 0;
  return {
    on: {
      "broker.released": (record) => {
        const { jobId, leaseId, how } = record.data;
        if (how !== "completed" && how !== "failed") return;
        completions += 1;
        const earlier = ended.get(jobId);
        ended.set(jobId, record);
        if (earlier === undefined) return;
        return violation(`${jobId} ended under ${earlier.data.leaseId} and again under ${leaseId}`, earlier, record);
      },
      "broker.job": (record) => {
        const { jobId, from, to } = record.data;
        const earlier = settled.get(jobId);
        if (isTerminalJob(to)) settled.set(jobId, record);
        if (earlier !== undefined) {
          const summary = `${jobId} was settled as ${earlier.data.to} and then went from ${from ?? "nothing"} to ${to}`;
          return violation(summary, earlier, record);
        }
        if (from === null || !isTerminalJob(from)) return;
        return violation(`${jobId} went from ${from}, which is final, to ${to}`, record);
      },
      "fault.applied": (record) => {
        for (const jobId of forgottenJobs(record)) {
          ended.delete(jobId);
          settled.delete(jobId);
        }
      },
    },
    end: () => (completions === 0 ? undecided("nothing was completed") : passed(`${completions} completions`)),
  };
});
