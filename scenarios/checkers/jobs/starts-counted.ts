import { limits } from "../../../foundation/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { count } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * Nothing but starts that failed counts against a job where nothing breaks, and leases that nobody gave back, because
 * their holder was told to go at once. They do count: it fails with the last of them that it has, and never before.
 * Setting: `redeliveriesMax`, of every job.
 */
export const startsCounted = checkerOf(
  "a job that cannot be started is tried as often as it may be (L2)",
  { redeliveriesMax: count("how often every job may be tried again", limits.redeliveriesMax) },
  ({ redeliveriesMax }) => {
    const startsMax = redeliveriesMax + 1;
    const failedStarts = new Map<string, RecordOf<"agent.execution">[]>();
    /** How often a job's lease ended because its holder was not heard any more. */
    const vanished = new Map<string, number>();
    /** Starts that failed and that the broker was not told of yet, with whoever tried, by lease. */
    const untold = new Map<string, { readonly source: string; readonly jobId: string }>();
    /** How many of a job's may not have counted: whoever tried left before it said so. */
    const unsure = new Map<string, number>();
    /** Jobs that came to an end by themselves at their holder. */
    const ended = new Set<string>();
    let failed = 0;
    const leavers = new Set<string>();
    const leaves = (source: string): void => {
      leavers.add(source);
      for (const [leaseId, one] of untold) {
        if (one.source !== source) continue;
        unsure.set(one.jobId, (unsure.get(one.jobId) ?? 0) + 1);
        untold.delete(leaseId);
      }
    };
    return {
      on: {
        "agent.state": ({ source, data: { to } }) => {
          if (to === "Withdrawing") leaves(source);
        },
        "agent.shutdown": ({ source }) => leaves(source),
        "broker.released": ({ data: { jobId, leaseId, how } }) => {
          // A start that failed there is not another one that counts.
          const isCounted = how === "expired" || how === "agent-lost";
          if (isCounted && !untold.has(leaseId)) vanished.set(jobId, (vanished.get(jobId) ?? 0) + 1);
          untold.delete(leaseId);
        },
        "agent.execution": (record) => {
          const { jobId, leaseId, from, to } = record.data;
          if (from === "spawning" && to === "failed") {
            failedStarts.set(jobId, [...(failedStarts.get(jobId) ?? []), record]);
            untold.set(leaseId, { source: record.source, jobId });
            if (leavers.has(record.source)) leaves(record.source);
          } else if (to === "failed") ended.add(jobId);
        },
        "broker.job": (record) => {
          const { jobId, to } = record.data;
          const starts = failedStarts.get(jobId) ?? [];
          const tries = starts.length + (vanished.get(jobId) ?? 0);
          const counted = tries - (unsure.get(jobId) ?? 0);
          if (to === "queued" && counted >= startsMax) {
            return violation(
              `${jobId} could not be started ${starts.length} times, and is tried again`,
              ...starts,
              record,
            );
          }
          if (to !== "failed" || ended.has(jobId)) return;
          failed += 1;
          if (counted <= startsMax && tries >= startsMax) return;
          return violation(`${jobId} failed after ${starts.length} starts that failed`, ...starts, record);
        },
      },
      end: () => (failed === 0 ? undecided("every job could be started") : passed(`${failed} jobs started nowhere`)),
    };
  },
);
