import type { Act } from "./recording.ts";

/** When an act began to count, and when it ceased to: wall times in ms. */
export interface ActTimes<Each = Act> {
  readonly fromMs: (act: Each) => number;
  readonly untilMs: (act: Each) => number;
}

interface Timed<Each> {
  readonly act: Each;
  readonly order: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Acts of which those of a short time are asked for, again and again: of many thousands, few are looked at. */
export class ActsInTime<Each = Act> {
  /** Those that ceased first come first. */
  readonly #timed: readonly Timed<Each>[];
  /** The earliest beginning of this one and all that follow, and which of them began then. */
  readonly #earliest: Float64Array;
  readonly #earliestAt: Uint32Array;

  constructor(acts: readonly Each[], { fromMs, untilMs }: ActTimes<Each>) {
    this.#timed = acts
      .map((act, order) => ({ act, order, fromMs: fromMs(act), untilMs: untilMs(act) }))
      .sort((one, other) => one.untilMs - other.untilMs);
    this.#earliest = new Float64Array(acts.length);
    this.#earliestAt = new Uint32Array(acts.length);
    let [earliest, earliestAt] = [Number.POSITIVE_INFINITY, 0];
    for (let at = this.#timed.length - 1; at >= 0; at -= 1) {
      const beganMs = this.#timed[at]?.fromMs ?? earliest;
      if (beganMs <= earliest) [earliest, earliestAt] = [beganMs, at];
      this.#earliest[at] = earliest;
      this.#earliestAt[at] = earliestAt;
    }
  }

  /** @returns those that began by then and had not ceased before, in the order in which they were given */
  within({ byMs, sinceMs }: { readonly byMs: number; readonly sinceMs: number }): readonly Each[] {
    const found: Timed<Each>[] = [];
    for (let at = this.#firstSince(sinceMs); at < this.#timed.length && (this.#earliest[at] ?? 0) <= byMs; at += 1) {
      const each = this.#timed[at];
      if (each !== undefined && each.fromMs <= byMs) found.push(each);
    }
    return found.sort((one, other) => one.order - other.order).map(({ act }) => act);
  }

  /** @returns of those that `within` gives the one that began first, without a look at the others; null where it gives none */
  earliest({ byMs, sinceMs }: { readonly byMs: number; readonly sinceMs: number }): Each | null {
    const at = this.#firstSince(sinceMs);
    const began = this.#earliest[at];
    return began === undefined || began > byMs ? null : (this.#timed[this.#earliestAt[at] ?? at]?.act ?? null);
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
