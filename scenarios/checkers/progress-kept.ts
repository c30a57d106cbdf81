import { type Checker, failed, passed, undecided } from "./checker.ts";

/** I8: a job that goes on after a checkpoint (resume or another holder) never stands behind that checkpoint's progress. */
export const progressKept: Checker = {
  title: "progress never falls behind a checkpoint (I8)",
  judge(history) {
    const saved = new Map<string, number>();
    let later = 0;
    for (const record of history) {
      if (record.type === "agent.checkpoint") saved.set(record.data.jobId, record.data.checkpoint.progress);
      if (record.type !== "broker.released" || record.data.how === "cancelled") continue;
      const floor = saved.get(record.data.jobId);
      if (floor === undefined) continue;
      later += 1;
      if (record.data.progress < floor) {
        return failed(
          `${record.data.jobId} was checkpointed at ${floor} and then ${record.data.how} at ${record.data.progress}`,
        );
      }
    }
    return later === 0 ? undecided("no job went on after a checkpoint") : passed(`${later} jobs kept their progress`);
  },
};
