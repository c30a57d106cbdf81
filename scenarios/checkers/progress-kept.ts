import { type Checker, failed, passed, undecided } from "./checker.ts";

/**
 * I8, WC-13: a job that goes on after a checkpoint (resume or another holder) never stands behind that checkpoint's progress,
 * and the next holder of one that was handed back begins where the checkpoint ends, not at zero.
 */
export const progressKept: Checker = {
  title: "progress never falls behind a checkpoint (I8)",
  judge(history) {
    const saved = new Map<string, number>();
    const handedBackAt = new Map<string, number>();
    let later = 0;
    for (const record of history) {
      if (record.type === "broker.released" && record.data.how === "handed-back" && record.data.checkpoint !== null) {
        handedBackAt.set(record.data.jobId, record.data.checkpoint.progress);
      }
      if (record.type === "witness.result") {
        const { jobId, startedFrom } = record.data;
        const floor = handedBackAt.get(jobId) ?? 0;
        if (startedFrom !== null && startedFrom < floor) {
          return failed(`${jobId} was handed back at ${floor} and its next holder began at ${startedFrom}`);
        }
      }
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
