import type { HistoryRecord } from "../../protocol/history.ts";

/** A lease that its agent does not know to be over. */
export interface StaleLease {
  readonly jobId: string;
  readonly leaseId: string;
  readonly epoch: number;
  /** The process start of the agent that has a say, as the broker knows it. */
  readonly instanceId: string;
}

/** The leases that the broker took back from an agent because it was silent for too long. */
export function staleLeases(records: readonly HistoryRecord[], agentId: string): StaleLease[] {
  let instanceId = "";
  const stale: StaleLease[] = [];
  for (const record of records) {
    if (!("agentId" in record.data) || record.data.agentId !== agentId) continue;
    if (record.type === "broker.enrolled") instanceId = record.data.instanceId;
    if (record.type !== "broker.released") continue;
    const { jobId, leaseId, epoch, how } = record.data;
    if (how === "agent-lost" || how === "expired") stale.push({ jobId, leaseId, epoch, instanceId });
  }
  return stale;
}

/**
 * What the agent would say of it, one after the other: how far it has got, that it gives the job back, and that the job
 * is done, with a result that nobody else has.
 */
export function staleWords({ jobId, epoch }: StaleLease) {
  const result = JSON.stringify({ chain: `stale result of ${jobId}`, startedFrom: 0 });
  return [
    { type: "progress", message: { epoch, progress: 1 } },
    { type: "return", message: { epoch, progress: 1, reason: "a stale hand-back" } },
    { type: "complete", message: { epoch, outcome: "completed", exitCode: 0, progress: 1, result } },
  ] as const;
}
