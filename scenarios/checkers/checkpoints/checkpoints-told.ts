import { isTerminalJob } from "../../../protocol/job-states.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { dutyOf, roundTripMs, uploadMs } from "../duty-settings.ts";
import { violation } from "../story.ts";

type Saved = Debt<RecordOf<"agent.checkpoint">>;

/** How a lease ends together with its job. */
const ends: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

interface Lease {
  /** The newest checkpoint that the broker must have by now. */
  due: Saved | null;
  /** Those that were saved since, and may be on their way. */
  coming: Saved[];
  /** Those whose agent ended while they may have been on their way: the broker may hold them, or not. */
  readonly cutOff: Saved[];
}

/**
 * A checkpoint reaches the broker soon after it was saved: when its lease ends, however it does, the broker holds it or
 * a newer one, and the job's next holder begins where that was taken.
 */
export const checkpointsTold = checkerOf(
  "the broker holds each lease's newest checkpoint (I8)",
  dutyOf("latencyMsMax", "uploadChunkBytes", "checkpointBytesMax"),
  (settings) => {
    // The upload, then the word of it.
    const bearMs = ({ since }: Saved): number =>
      uploadMs(settings, since.data.checkpoint.archiveBytes) + roundTripMs(settings);
    const leases = new Map<string, Lease>();
    /** Where a job's next holder begins, by job. */
    const reached = new Map<string, RecordOf<"broker.released">>();
    /** By instance. */
    const agentOf = new Map<string, string>();
    let held = 0;

    const look = (now: HistoryRecord): void => {
      for (const lease of leases.values()) {
        const index = lease.coming.findLastIndex((saved) => saved.ageMs(now) > bearMs(saved));
        if (index >= 0) lease.due = lease.coming.splice(0, index + 1).at(-1) ?? null;
      }
    };
    return {
      on: {
        "agent.checkpoint": (record) => {
          const { leaseId, checkpoint } = record.data;
          if (checkpoint.archiveBytes > settings.checkpointBytesMax) return;
          const lease = leases.get(leaseId) ?? { due: null, coming: [], cutOff: [] };
          leases.set(leaseId, lease);
          lease.coming.push(new Debt(record));
        },
        "agent.started": ({ source, data }) => void agentOf.set(source, data.agentId ?? ""),
        "witness.exit": ({ data: { agentId } }) => {
          // A second and a third signal wait for nothing that is on its way; what is due by then is due. Whether a
          // shutdown that nobody hurried gave up too early is for shutdown-handover to say.
          for (const lease of leases.values()) {
            const isCutOff = ({ since }: Saved): boolean => agentOf.get(since.source) === agentId;
            lease.cutOff.push(...lease.coming.filter(isCutOff));
            lease.coming = lease.coming.filter((saved) => !isCutOff(saved));
          }
        },
        "agent.woke": look,
        "broker.heartbeat": look,
        "broker.released": (record) => {
          look(record);
          const { leaseId, jobId, how, checkpoint } = record.data;
          const { due = null, coming = [], cutOff = [] } = leases.get(leaseId) ?? {};
          leases.delete(leaseId);
          if (!ends.has(how)) reached.set(jobId, record);
          if (due === null) return;
          held += 1;
          const isNew = [due, ...coming, ...cutOff].some(
            ({ since }) => since.data.checkpoint.manifestDigest === checkpoint?.manifestDigest,
          );
          return isNew
            ? null
            : violation(`the broker never heard of the last checkpoint of ${leaseId}`, due.since, record);
        },
        "broker.job": ({ data: { jobId, to } }) => {
          if (isTerminalJob(to) && to !== "completed") reached.delete(jobId);
        },
        "witness.result": (record) => {
          const { jobId, startedFrom } = record.data;
          const before = reached.get(jobId);
          reached.delete(jobId);
          if (startedFrom === null || before === undefined) return;
          const from = before.data.checkpoint?.progress ?? 0;
          if (startedFrom === from) return;
          return violation(`${jobId} had got to ${from}, and was gone on with from ${startedFrom}`, before, record);
        },
      },
      end: () => (held === 0 ? undecided("no checkpoint was due") : passed(`${held} leases ended with theirs`)),
    };
  },
);
