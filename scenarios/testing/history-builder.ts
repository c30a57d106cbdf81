import { systemClock } from "../../foundation/clock.ts";
import type { HistoryActor, HistoryData, HistoryRecord, HistoryType } from "../../protocol/history.ts";

/** Writes a history as a test's story: each event a line, in order. */
export class HistoryBuilder {
  readonly records: HistoryRecord[] = [];

  add<T extends HistoryType>(type: T, data: HistoryData<T>, source = "one"): this {
    const actor = type.split(".")[0] as HistoryActor;
    this.records.push({
      at: systemClock.nowMs(),
      actor,
      source,
      sequence: this.records.length,
      type,
      data,
    } as HistoryRecord);
    return this;
  }
}

export const agentId = "a".repeat(64);

/** A grant's data; names follow from the numbers. */
export function grant(job: number, epoch: number): { jobId: string; leaseId: string; epoch: number; agentId: string } {
  return { jobId: `job-${job}`, leaseId: `lease-${job}-${epoch}`, epoch, agentId };
}

export const checkpoint = {
  manifestDigest: "b".repeat(64),
  archiveDigest: "c".repeat(64),
  archiveBytes: 100,
  progress: 5,
};
