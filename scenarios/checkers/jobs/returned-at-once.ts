import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { isFailedAttempt } from "../leases/backoff.ts";
import { violation } from "../story.ts";

/**
 * Interruptions that a donor causes are not counted among a job's redeliveries (docs/cases.md, the times): what it gives
 * back is queued, and waits for nothing. What the broker counts it does not tell; a hand-back that was counted shows in
 * the wait that comes of it, or in the job's failure. An attempt that failed at its donor is no such hand-back.
 */
export const returnedAtOnce = checkerOf("what a donor gives back is queued again and waits for nothing", () => {
  /** By job: the hand-back of which the broker has not told yet what it made. */
  const released = new Map<string, RecordOf<"broker.released">>();
  let returns = 0;
  return {
    on: {
      "broker.released": (record) => {
        const { jobId, how } = record.data;
        if (how === "handed-back") released.set(jobId, record);
        else released.delete(jobId);
      },
      "broker.job": (record) => {
        const { jobId, to, reason, backoff } = record.data;
        const release = released.get(jobId);
        released.delete(jobId);
        if (release === undefined || isFailedAttempt(reason)) return;
        returns += 1;
        if (to !== "queued") return violation(`${jobId} was given back and is ${to}`, release, record);
        if (backoff === undefined) return;
        return violation(`${jobId} was given back and waits for ${backoff.ms} ms`, release, record);
      },
    },
    end: () => (returns === 0 ? undecided("nothing was given back") : passed(`${returns} were given back`)),
  };
});
