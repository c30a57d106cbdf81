import type { HistoryRecord } from "../../../protocol/history.ts";

/**
 * Tells when the wish of a process that has gone reaches the broker after its successor was taken in: it takes the
 * successor's place, which is refused until it has enrolled again. No duty can be owed by either meanwhile.
 */
export class LateEnrolments {
  readonly #latest = new Map<string, string>();
  readonly #heeded = new Map<string, string>();

  /** Whether this record is such a one. */
  see({ type, data }: HistoryRecord): boolean {
    if (type === "agent.started" && typeof data.agentId === "string") this.#latest.set(data.agentId, data.instanceId);
    if (type !== "broker.enrolled") return false;
    const { agentId, instanceId } = data;
    const latest = this.#latest.get(agentId);
    const isLate = latest !== undefined && latest !== instanceId && this.#heeded.get(agentId) === latest;
    this.#heeded.set(agentId, instanceId);
    return isLate;
  }
}
