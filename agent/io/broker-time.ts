import type { Clock } from "../../foundation/clock.ts";

/** Clocks that are wrong by more than this nobody corrects but their owners: a day, for a date or a time zone mistaken. */
const correctionMsMax = 24 * 3_600_000;
/** The Date of an answer has whole seconds, and was written a while ago. */
const exactToMs = 2_000;

export interface BrokerTimeOptions {
  readonly clock: Clock;
  /** How far a signature may be off, in milliseconds. */
  readonly windowMs: () => number;
  readonly warn: (sentence: string) => void;
}

/**
 * The time that requests are signed by: this machine's, and the broker's where that refuses ours. Broker and agent need
 * not agree on what time it is, only on when a signature was made; leases are counted by steady clocks anyway.
 */
export class BrokerTime {
  readonly #options: BrokerTimeOptions;
  #aheadMs = 0;
  #isTold = false;
  #told: { readonly leastMs: number; readonly mostMs: number } | undefined;

  constructor(options: BrokerTimeOptions) {
    this.#options = options;
  }

  nowMs(): number {
    return this.#options.clock.nowMs() + this.#aheadMs;
  }

  /**
   * Takes in the time of an answer that called a signature stale (RFC 9110, section 6.6.1). A signature that was within
   * the window, and not behind, was refused for another reason than the time: it may be from before the broker's start.
   *
   * @param date the field of that answer
   * @returns whether another signature is worth a try
   */
  correct(date: string | null): boolean {
    const brokerMs = Date.parse(date ?? "");
    if (Number.isNaN(brokerMs)) return false;
    const { clock, windowMs } = this.#options;
    const behindMs = brokerMs - this.nowMs();
    if (behindMs < exactToMs && Math.abs(behindMs) <= windowMs()) return false;
    const aheadMs = brokerMs - clock.nowMs();
    const isMine = Math.abs(aheadMs) <= correctionMsMax;
    this.#tell(aheadMs, isMine);
    if (isMine) this.#aheadMs = aheadMs;
    return isMine;
  }

  #tell(aheadMs: number, isMine: boolean): void {
    const off = `This machine's clock is ${Math.abs(Math.round(aheadMs / 1_000))} s ${aheadMs < 0 ? "ahead of" : "behind"} the broker's`;
    if (isMine) {
      // Whoever answers with another time each time brings no more than a line for each window of what is believed.
      const windowMs = this.#options.windowMs();
      const { leastMs, mostMs } = this.#told ?? { leastMs: Infinity, mostMs: -Infinity };
      if (aheadMs >= leastMs - windowMs && aheadMs <= mostMs + windowMs) return;
      this.#told = { leastMs: Math.min(leastMs, aheadMs), mostMs: Math.max(mostMs, aheadMs) };
      this.#options.warn(`${off}: requests are signed by the broker's time. Set the clock that is wrong.`);
      return;
    }
    if (!this.#isTold)
      this.#options.warn(`${off}, which refuses whatever is signed here. Set the clock that is wrong.`);
    this.#isTold = true;
  }
}
