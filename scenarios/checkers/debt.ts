import type { HistoryRecord } from "../../protocol/history.ts";

/**
 * What somebody owes since a record. Every actor goes by its own clock, so its age is told by two records of one clock
 * that came after it, whoever's: as old as that it is at least.
 */
export class Debt<Since extends HistoryRecord = HistoryRecord> {
  readonly since: Since;
  readonly #firstAt = new Map<string, number>();

  constructor(since: Since) {
    this.since = since;
    this.#firstAt.set(since.source, since.at);
  }

  /** Its age in milliseconds by the clock of a later record; 0 at the first of that clock. */
  ageMs({ source, at }: HistoryRecord): number {
    const firstAt = this.#firstAt.get(source);
    if (firstAt !== undefined) return at - firstAt;
    this.#firstAt.set(source, at);
    return 0;
  }
}
