import { isTerminalJob } from "../../../protocol/job-states.ts";
import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { PauseAcknowledgements } from "./pause-acknowledgements.ts";
import { violation, type Violation } from "../story.ts";

interface Job {
  /** The release that recorded the checkpoint from which the next holder goes on. */
  best: RecordOf<"broker.released"> | null;
  grant: RecordOf<"broker.offered"> | null;
  /** The latest checkpoint that the holder saved. */
  saved: RecordOf<"agent.checkpoint"> | null;
}

const reached = (release: RecordOf<"broker.released"> | null): number => release?.data.checkpoint?.progress ?? 0;

/**
 * I8, WC-13: a recorded checkpoint is never lost or replaced by an earlier one; whoever goes on from it never stands
 * behind it; and a pause is acknowledged only when each sandbox that it froze has its checkpoint, or has none for a
 * reason that was said. What a store forgot (fault `lose-store`) begins anew.
 */
export const checkpointProgress = checkerOf("progress never falls behind a recorded checkpoint (I8)", () => {
  const jobs = new Map<string, Job>();
  const pauses = new PauseAcknowledgements();
  let observed = 0;
  const saved = (record: RecordOf<"agent.checkpoint">): Violation | null => {
    const job = jobs.get(record.data.jobId);
    // A holder whose lease is over may still say what it saved; nobody goes on from that.
    if (job === undefined || job.grant?.data.leaseId !== record.data.leaseId) return null;
    const { jobId, checkpoint } = record.data;
    const before = job.saved ?? job.best;
    const floor = before?.data.checkpoint?.progress ?? 0;
    job.saved = record;
    observed += 1;
    if (checkpoint.progress >= floor) return null;
    return violation(`${jobId} stood at ${floor} and was then checkpointed at ${checkpoint.progress}`, before, record);
  };
  const released = (record: RecordOf<"broker.released">): Violation | null => {
    const { jobId, leaseId, how, progress } = record.data;
    const job = jobs.get(jobId);
    if (job === undefined || job.grant?.data.leaseId !== leaseId) return null;
    const { best } = job;
    const floor = reached(best);
    if (best !== null) observed += 1;
    if (how === "cancelled") return null;
    if (how === "completed" || how === "failed") {
      if (progress >= floor) return null;
      return violation(`${jobId} went on from ${floor} and ${how} at ${progress}`, best, job.grant, record);
    }
    Object.assign(job, { best: record, grant: null, saved: null });
    if (reached(record) >= floor) return null;
    return violation(`${jobId} had a checkpoint at ${floor} and then one at ${reached(record)}`, best, record);
  };
  return {
    on: {
      "broker.offered": (record) => {
        const job = jobs.get(record.data.jobId);
        if (job === undefined) jobs.set(record.data.jobId, { best: null, grant: record, saved: null });
        else job.grant = record;
      },
      "broker.released": (record) => {
        pauses.released(record);
        return released(record);
      },
      "broker.job": ({ data: { jobId, to } }) => {
        if (isTerminalJob(to)) jobs.delete(jobId);
      },
      "agent.checkpoint": (record) => {
        pauses.settled(record);
        return saved(record);
      },
      "agent.checkpoint-failed": (record) => pauses.settled(record),
      "agent.started": (record) => pauses.started(record),
      "broker.enrolled": (record) => pauses.enrolled(record),
      "agent.state": (record) => pauses.moved(record),
      "agent.execution": (record) => pauses.executed(record),
      "agent.frozen": (record) => pauses.frozen(record),
      "agent.thawed": (record) => pauses.thawed(record),
      "broker.pause-acknowledged": (record) => {
        observed += 1;
        return pauses.acknowledged(record);
      },
      "fault.applied": (record) => {
        for (const jobId of forgottenJobs(record)) jobs.delete(jobId);
        if (record.data.fault === "lose-store") pauses.storeLost();
      },
    },
    end() {
      const wrong = pauses.suspect();
      if (wrong !== null) return failed(wrong);
      return observed === 0 ? undecided("nothing was checkpointed") : passed(`${observed} checkpoints and releases`);
    },
  };
});
