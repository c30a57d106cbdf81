import type { HistoryRecord } from "../../../protocol/history.ts";

interface Sign {
  readonly agentId: string;
  record: HistoryRecord;
  /** The record's own, which is asked for at every look. */
  at: number;
  earlier: Sign | null;
  later: Sign | null;
}

/**
 * Agents in the order of their last signs of life. A list that is linked both ways, because heartbeats are most of a
 * history: to move one agent to its end must cost next to nothing (a Map's delete and set made them three times slower
 * to watch).
 */
export class SilenceOrder {
  readonly #signs = new Map<string, Sign>();
  #first: Sign | null = null;
  #last: Sign | null = null;

  get size(): number {
    return this.#signs.size;
  }

  /** The agent that has been silent for the longest. */
  first(): { readonly agentId: string; readonly record: HistoryRecord; readonly at: number } | null {
    return this.#first;
  }

  heard(agentId: string, record: HistoryRecord): void {
    let sign = this.#signs.get(agentId);
    if (sign === undefined) {
      sign = { agentId, record, at: record.at, earlier: null, later: null };
      this.#signs.set(agentId, sign);
    } else {
      sign.record = record;
      sign.at = record.at;
      if (sign === this.#last) return;
      this.#unlink(sign);
    }
    sign.earlier = this.#last;
    sign.later = null;
    if (this.#last === null) this.#first = sign;
    else this.#last.later = sign;
    this.#last = sign;
  }

  forget(agentId: string): void {
    const sign = this.#signs.get(agentId);
    if (sign === undefined) return;
    this.#signs.delete(agentId);
    this.#unlink(sign);
  }

  /** Counts for all from one record on; their order stays. */
  restart(record: HistoryRecord): void {
    for (const sign of this.#signs.values()) {
      sign.record = record;
      sign.at = record.at;
    }
  }

  clear(): void {
    this.#signs.clear();
    this.#first = null;
    this.#last = null;
  }

  #unlink(sign: Sign): void {
    if (sign.earlier === null) this.#first = sign.later;
    else sign.earlier.later = sign.later;
    if (sign.later === null) this.#last = sign.earlier;
    else sign.later.earlier = sign.earlier;
  }
}
