import type { RecordOf } from "../checker.ts";

/** What the commits on the way may take, in milliseconds. */
const slackMs = 200;

interface Asked {
  readonly agentId: string;
  readonly jobId: string;
  /** By the broker's clock. */
  readonly atMs: number;
}

/**
 * Which jobs the broker leaves to others, because an agent said with the return that it could not start them. What one
 * instance could not start the next one may.
 */
export class LeftToOthers {
  readonly #startAgainAfterMs: number;
  /** Leases whose job could not be started. */
  readonly #failed = new Set<string>();
  readonly #instances = new Map<string, string>();
  /** By agent and job. */
  readonly #returned = new Map<string, Map<string, RecordOf<"broker.released">>>();

  constructor({ startAgainAfterMs }: { startAgainAfterMs: number }) {
    this.#startAgainAfterMs = startAgainAfterMs;
  }

  executed({ data: { leaseId, from, to } }: RecordOf<"agent.execution">): void {
    if (from === "spawning" && to === "failed") this.#failed.add(leaseId);
  }

  released(record: RecordOf<"broker.released">): void {
    const { agentId, jobId, leaseId, how } = record.data;
    if (!this.#failed.delete(leaseId) || how !== "handed-back") return;
    let jobs = this.#returned.get(agentId);
    if (jobs === undefined) this.#returned.set(agentId, (jobs = new Map()));
    jobs.set(jobId, record);
  }

  enrolled({ data: { agentId, instanceId } }: RecordOf<"broker.enrolled">): void {
    if (this.#instances.get(agentId) !== instanceId) this.#returned.delete(agentId);
    this.#instances.set(agentId, instanceId);
  }

  /** The return for which the job is certainly not to be offered to that agent now, if there is one. */
  because({ agentId, jobId, atMs }: Asked): RecordOf<"broker.released"> | null {
    const returned = this.#returned.get(agentId)?.get(jobId) ?? null;
    return returned !== null && atMs < this.untilMs({ agentId, jobId }) - slackMs ? returned : null;
  }

  /** Whether the job may be kept from that agent now. */
  mayBe({ agentId, jobId, atMs }: Asked): boolean {
    return atMs < this.untilMs({ agentId, jobId }) + slackMs;
  }

  /** When the agent may be offered the job again; -Infinity where nothing keeps it from that. */
  untilMs({ agentId, jobId }: Omit<Asked, "atMs">): number {
    // As nearly always.
    if (this.#returned.size === 0) return -Infinity;
    const returned = this.#returned.get(agentId)?.get(jobId);
    return returned === undefined ? -Infinity : returned.at + this.#startAgainAfterMs;
  }
}
