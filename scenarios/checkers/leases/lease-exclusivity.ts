import { isTerminalJob } from "../../../protocol/job-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { Recent } from "../recent.ts";
import { violation } from "../story.ts";

interface Grants {
  epoch: number;
  /** The latest grant, live or not. */
  readonly offered: RecordOf<"broker.offered">;
  live: boolean;
  /** In which start of the broker it was offered. */
  readonly start: number;
}

/**
 * I1: at most one live lease per job, and every grant has a larger epoch than the one before, across restarts too, which
 * no offer outlives. What a store forgot (fault `lose-store`) it cannot release, so those grants are over without a
 * word; their epochs are not.
 */
export const leaseExclusivity = checkerOf("at most one live lease per job, and epochs only grow (I1)", () => {
  const jobs = new Map<string, Grants>();
  const settled = new Recent<Grants>();
  let granted = 0;
  let starts = 0;
  return {
    on: {
      "broker.offered": (record) => {
        const { jobId, leaseId, epoch, agentId } = record.data;
        const before = jobs.get(jobId) ?? settled.get(jobId);
        granted += 1;
        jobs.set(jobId, { epoch, offered: record, live: true, start: starts });
        if (before?.live) {
          const holder = before.offered.data.leaseId;
          const summary = `${jobId} was offered to ${agentId.slice(0, 12)} as ${leaseId} while ${holder} was live`;
          return violation(summary, before.offered, record);
        }
        if (epoch > (before?.epoch ?? 0)) return null;
        return violation(
          `${jobId} was granted with epoch ${epoch} after epoch ${before?.epoch ?? 0}`,
          before?.offered,
          record,
        );
      },
      "broker.leased": (record) => {
        const { jobId, leaseId, epoch } = record.data;
        const before = jobs.get(jobId);
        if (before === undefined || (epoch >= before.epoch && before.start === starts)) return null;
        // A store that forgot its last writes may have brought it back from before a later grant.
        return violation(`${leaseId} was leased by an offer of before the broker's start`, before.offered, record);
      },
      "broker.started": () => void (starts += 1),
      "broker.released": ({ data: { jobId, leaseId } }) => {
        const grants = jobs.get(jobId);
        if (grants?.offered.data.leaseId === leaseId) grants.live = false;
      },
      "broker.job": ({ data: { jobId, to } }) => {
        const grants = isTerminalJob(to) ? jobs.get(jobId) : undefined;
        if (grants === undefined) return;
        jobs.delete(jobId);
        settled.set(jobId, grants);
      },
      "fault.applied": (record) => {
        for (const jobId of forgottenJobs(record)) {
          const grants = jobs.get(jobId);
          if (grants !== undefined) grants.live = false;
        }
      },
    },
    end: () => (granted === 0 ? undecided("no job was ever granted") : passed(`${granted} grants`)),
  };
});
