import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * I8, WC-13: a job that goes on after a checkpoint (resume or another holder) never stands behind that checkpoint's
 * progress, and the next holder of one that was handed back begins where the checkpoint ends, not at zero. For runs in
 * which every checkpoint reaches the broker; `checkpoint-progress` holds in all.
 */
export const progressKept = checkerOf("progress never falls behind a checkpoint (I8)", () => {
  const saved = new Map<string, RecordOf<"agent.checkpoint">>();
  const handedBack = new Map<string, RecordOf<"broker.released">>();
  let later = 0;
  return {
    on: {
      "agent.checkpoint": (record) => {
        saved.set(record.data.jobId, record);
      },
      "broker.released": (record) => {
        const { jobId, how, progress, checkpoint } = record.data;
        if (how === "handed-back" && checkpoint !== null) handedBack.set(jobId, record);
        const before = saved.get(jobId);
        if (how === "cancelled" || before === undefined) return;
        later += 1;
        const floor = before.data.checkpoint.progress;
        if (progress >= floor) return;
        return violation(`${jobId} was checkpointed at ${floor} and then ${how} at ${progress}`, before, record);
      },
      "witness.result": (record) => {
        const { jobId, startedFrom } = record.data;
        const before = handedBack.get(jobId);
        const floor = before?.data.checkpoint?.progress ?? 0;
        if (startedFrom === null || startedFrom >= floor) return;
        const summary = `${jobId} was handed back at ${floor} and its next holder began at ${startedFrom}`;
        return violation(summary, before, record);
      },
    },
    end: () =>
      later === 0 ? undecided("no job went on after a checkpoint") : passed(`${later} jobs kept their progress`),
  };
});
