import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/** I1: at most one live lease per job, and every grant has a larger epoch than the one before. */
export const leaseExclusivity: Checker = {
  title: "at most one live lease per job, and epochs only grow (I1)",
  judge(history) {
    const live = new Map<string, { leaseId: string; agentId: string }>();
    const epochs = new Map<string, number>();
    for (const record of history) {
      if (record.type === "broker.offered") {
        const { jobId, leaseId, epoch, agentId } = record.data;
        const holder = live.get(jobId);
        if (holder !== undefined) {
          return failed(
            `${jobId} was offered to ${agentId.slice(0, 12)} as ${leaseId} while ${holder.leaseId} was live`,
          );
        }
        const earlier = epochs.get(jobId) ?? 0;
        if (epoch <= earlier) return failed(`${jobId} was granted with epoch ${epoch} after epoch ${earlier}`);
        epochs.set(jobId, epoch);
        live.set(jobId, { leaseId, agentId });
      }
      if (record.type === "broker.released" && live.get(record.data.jobId)?.leaseId === record.data.leaseId) {
        live.delete(record.data.jobId);
      }
    }
    if (epochs.size === 0) return undecided("no job was ever granted");
    return passed(`${recordsOf(history, "broker.offered").length} grants of ${epochs.size} jobs`);
  },
};
