import type { Act } from "./recording.ts";

/** When an act began to count, and when it ceased to: wall times in ms. */
export interface ActTimes {
  readonly fromMs: (act: Act) => number;
  readonly untilMs: (act: Act) => number;
}

interface Timed {
  readonly act: Act;
  readonly order: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Acts of which those of a short time are asked for, again and again: of many thousands, few are looked at. */
export class ActsInTime {
  /** Those that ceased first come first. */
  readonly #timed: readonly Timed[];
  /** The earliest beginning of this one and all that follow. */
  readonly #earliest: Float64Array;

  constructor(acts: readonly Act[], { fromMs, untilMs }: ActTimes) {
    this.#timed = acts
      .map((act, order) => ({ act, order, fromMs: fromMs(act), untilMs: untilMs(act) }))
      .sort((one, other) => one.untilMs - other.untilMs);
    this.#earliest = new Float64Array(acts.length);
    let earliest = Number.POSITIVE_INFINITY;
    for (let at = this.#timed.length - 1; at >= 0; at -= 1) {
      earliest = Math.min(earliest, this.#timed[at]?.fromMs ?? earliest);
      this.#earliest[at] = earliest;
    }
  }

  /** @returns those that began by then and had not ceased before, in the order in which they were given */
  within({ byMs, sinceMs }: { readonly byMs: number; readonly sinceMs: number }): readonly Act[] {
    const found: Timed[] = [];
    for (let at = this.#firstSince(sinceMs); at < this.#timed.length && (this.#earliest[at] ?? 0) <= byMs; at += 1) {
      const each = this.#timed[at];
      if (each !== undefined && each.fromMs <= byMs) found.push(each);
    }
    return found.sort((one, other) => one.order - other.order).map(({ act }) => act);
  }

  #firstSince(sinceMs: number): number {
    let [low, high] = [0, this.#timed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timed[middle]?.untilMs ?? sinceMs) < sinceMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
