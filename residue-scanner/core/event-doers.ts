import type { Lineage } from "./lineage.ts";
import type { ActorClues } from "./pid-holders.ts";

/**
 * Who did what the kernel's file events tell. They bear no time, but come in the order in which they happened: none before
 * the doers of those ahead of it began, and none after the doers of those behind it ended.
 */
export class EventDoers {
  readonly #lineage: Lineage;
  #sinceNs = 0;
  #pids: readonly number[] = [];
  /** Of each in the row: the latest that it can have happened. */
  #untilNs = new Float64Array(0);
  #at = -1;
  #serial: number | null = null;

  constructor(lineage: Lineage) {
    this.#lineage = lineage;
  }

  /** No event waited at a time: what comes from now on happened later. */
  nothingWaited(atNs: number): void {
    this.#sinceNs = Math.max(this.#sinceNs, atNs);
  }

  /** @param pids of the events that follow, in their order; of several of one pid in a row it is there once */
  begin(pids: readonly number[]): void {
    this.#pids = pids;
    this.#at = -1;
    this.#untilNs = new Float64Array(pids.length);
    let untilNs = Number.POSITIVE_INFINITY;
    for (let at = pids.length - 1; at >= 0; at -= 1) {
      untilNs = this.#lineage.latestNs(pids[at] ?? 0, untilNs);
      this.#untilNs[at] = untilNs;
    }
  }

  /** Goes on to the next event. */
  next(pid: number): void {
    const isSame = this.#at >= 0 && this.#pids[this.#at] === pid;
    // Where somebody else had the pid later, the next event may be that one's.
    if (isSame && (this.#serial === null || this.#lineage.isLastWith(pid, this.#serial))) return;
    if (!isSame) this.#at += 1;
    this.#serial = null;
  }

  /** Who did this one, where that was asked already; most events come in a row from one process. */
  get known(): number | null {
    return this.#serial;
  }

  /** Who did this one. */
  serial(nowNs: number, clues?: ActorClues): number {
    if (this.#serial !== null) return this.#serial;
    const span = { sinceNs: this.#sinceNs, untilNs: this.#untilNs[this.#at] ?? Number.POSITIVE_INFINITY };
    this.#serial = this.#lineage.actor(this.#pids[this.#at] ?? 0, span, nowNs, clues);
    this.#sinceNs = Math.max(this.#sinceNs, this.#lineage.beganNs(this.#serial));
    return this.#serial;
  }
}
