import type { RecordOf } from "./checker.ts";

/**
 * Which instance speaks for which agent, and what a checker keeps about each instance that may still speak. An earlier
 * instance of the same home is over when the next one starts, so it is forgotten then.
 */
export class Instances<Kept> {
  readonly #kept = new Map<string, Kept>();
  readonly #latest = new Map<string, string>();
  readonly #begin: () => Kept;
  /** Whose was asked for last: records of one instance come in rows, and each is asked about by many checkers. */
  #lastSource: string | null = null;
  #last: Kept | null = null;
  /** Which agent was asked for last, and what was said; null when that may be another by now. */
  #lastAgent: string | null = null;
  #lastOfAgent: Kept | undefined;

  constructor(begin: () => Kept) {
    this.#begin = begin;
  }

  /** What is kept of the instance that wrote a record; begun at its first one. */
  of(source: string): Kept {
    if (source === this.#lastSource) return this.#last as Kept;
    let kept = this.#kept.get(source);
    if (kept === undefined) {
      kept = this.#begin();
      this.#kept.set(source, kept);
      this.#lastAgent = null;
    }
    this.#lastSource = source;
    this.#last = kept;
    return kept;
  }

  /** What is kept of the latest instance of an agent, if it has been heard of. */
  ofAgent(agentId: string): Kept | undefined {
    if (agentId === this.#lastAgent) return this.#lastOfAgent;
    const source = this.#latest.get(agentId);
    this.#lastAgent = agentId;
    this.#lastOfAgent = source === undefined ? undefined : this.#kept.get(source);
    return this.#lastOfAgent;
  }

  /** @returns what was kept of the instance before, which is over */
  started({ source, data }: RecordOf<"agent.started">): Kept | undefined {
    if (data.agentId === null || data.agentId === undefined) return undefined;
    return this.#follow(data.agentId, source);
  }

  /**
   * The broker names both too; for instances whose own start says nothing of the agent.
   *
   * @returns what is kept of the instance, if it has been heard of and is not over
   */
  enrolled({ data }: RecordOf<"broker.enrolled">): Kept | undefined {
    const kept = this.#kept.get(data.instanceId);
    if (kept !== undefined && !this.#latest.has(data.agentId)) {
      this.#latest.set(data.agentId, data.instanceId);
      this.#lastAgent = null;
    }
    return kept;
  }

  forget(source: string): void {
    if (source === this.#lastSource) this.#lastSource = null;
    this.#lastAgent = null;
    this.#kept.delete(source);
  }

  #follow(agentId: string, source: string): Kept | undefined {
    const before = this.#latest.get(agentId);
    this.#latest.set(agentId, source);
    this.#lastAgent = null;
    if (before === undefined || before === source) return undefined;
    const kept = this.#kept.get(before);
    this.forget(before);
    return kept;
  }
}
