import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/** I3: a job's completion is recorded once. */
export const completionOnce: Checker = {
  title: "every completion is recorded once (I3)",
  judge(history) {
    const completed = new Map<string, string>();
    for (const record of recordsOf(history, "broker.released")) {
      if (record.data.how !== "completed" && record.data.how !== "failed") continue;
      const earlier = completed.get(record.data.jobId);
      if (earlier !== undefined) {
        return failed(`${record.data.jobId} ended under ${earlier} and again under ${record.data.leaseId}`);
      }
      completed.set(record.data.jobId, record.data.leaseId);
    }
    if (completed.size === 0) return undecided("nothing was completed");
    return passed(`${completed.size} completions`);
  },
};
