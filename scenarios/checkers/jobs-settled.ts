import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/**
 * I3: every job that ever started is completed, or was handed back with a checkpoint (and then possibly completed by
 * another holder); none is lost. Settings: `startedMin`, `handedBackMin`, and `completedAll` = 1 where the plan brings
 * every job to its end.
 */
export const jobsSettled: Checker = {
  title: "every started job is completed, or handed back with a checkpoint (I3)",
  judge(history, { startedMin = 1, handedBackMin = 0, completedAll = 0 }) {
    const started = new Set(recordsOf(history, "broker.leased").map((record) => record.data.jobId));
    const states = new Map(recordsOf(history, "broker.job").map((record) => [record.data.jobId, record.data.to]));
    const lastRelease = new Map(
      recordsOf(history, "broker.released").map((record) => [record.data.jobId, record.data]),
    );
    const handedBack = recordsOf(history, "broker.released").filter((record) => record.data.how === "handed-back");
    for (const jobId of started) {
      const state = states.get(jobId);
      if (state === "completed") continue;
      const release = lastRelease.get(jobId);
      if (state !== "queued" && state !== "offered") return failed(`${jobId} started and is ${state} at the end`);
      if (release?.how !== "handed-back" || release.checkpoint === null) {
        return failed(
          `${jobId} started, is ${state} at the end, and its last holder left no checkpoint (${release?.how})`,
        );
      }
    }
    for (const record of handedBack) {
      if (record.data.checkpoint === null) {
        return failed(`${record.data.jobId} was handed back at progress ${record.data.progress} without a checkpoint`);
      }
    }
    const completed = [...started].filter((jobId) => states.get(jobId) === "completed").length;
    const figures = `${started.size} started, ${completed} completed, ${handedBack.length} handed back with a checkpoint`;
    if (started.size < Number(startedMin)) return undecided(`${figures}; ${startedMin} were to start`);
    if (handedBack.length < Number(handedBackMin))
      return undecided(`${figures}; ${handedBackMin} were to be handed back`);
    const open = [...states].filter(([, state]) => state !== "completed");
    if (Number(completedAll) === 1 && open.length > 0) {
      return failed(`${figures}; ${open.length} of ${states.size} jobs are not completed, ${open[0]?.join(" is ")}`);
    }
    return passed(`${figures} of ${states.size} submitted`);
  },
};
