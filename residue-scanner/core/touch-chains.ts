import { type Touch, type TouchKind, touchKinds } from "./recording.ts";

/** `touchKinds` as bits, in their order. */
export const touchBit: Readonly<Record<TouchKind, number>> = {
  created: 1,
  deleted: 2,
  "moved-from": 4,
  "moved-to": 8,
  attributes: 16,
  modified: 32,
};
const kindBits = 63;
/** Of what the whole chain is about: it was not there when the recording began. */
const startedAbsent = 64;

export function touchKindsOf(bits: number): TouchKind[] {
  return touchKinds.filter((kind) => (bits & touchBit[kind]) !== 0);
}

/** What one process did, and when. */
export interface Happening {
  /** Bits of `touchBit`. */
  readonly kinds: number;
  /** `serial` of the process. */
  readonly by: number;
  /** Wall time in ms. */
  readonly atMs: number;
}

export interface TouchChainsOptions {
  /** The most touches that are kept; what comes beyond is counted in `dropped`. */
  readonly touchesMax: number;
  /** Told of each touch that is kept, and of each that is not kept any longer. */
  readonly retain: (by: number) => void;
  readonly release: (by: number) => void;
}

/** The head of a chain without a touch. */
export const noTouch = -1;
const initialRows = 1024;
/** What so many processes touch in turn may get a second touch of one of them; they are joined when asked for. */
const depthMax = 16;

/**
 * Touches as rows of typed arrays, because a burst brings hundreds of thousands of them: a chain for each thing that is
 * touched, the latest first. A chain is known by its head.
 */
export class TouchChains {
  dropped = 0;
  kept = 0;
  private readonly options: TouchChainsOptions;
  private bys = new Int32Array(initialRows);
  private kinds = new Uint8Array(initialRows);
  private firsts = new Float64Array(initialRows);
  private lasts = new Float64Array(initialRows);
  private nexts = new Int32Array(initialRows);
  private used = 0;
  private free = noTouch;

  constructor(options: TouchChainsOptions) {
    this.options = options;
  }

  /**
   * @param isNew whether a chain that begins with this is about something that was not there before
   * @returns the new head
   */
  touch(head: number, { kinds, by, atMs }: Happening, isNew: boolean): number {
    let depth = 0;
    for (let at = head; at !== noTouch && depth < depthMax; at = this.nexts[at] as number, depth += 1) {
      if (this.bys[at] !== by) continue;
      this.kinds[at] = (this.kinds[at] as number) | kinds;
      this.lasts[at] = atMs;
      return head;
    }
    const row = this.newRow();
    if (row === noTouch) return head;
    this.bys[row] = by;
    this.kinds[row] = kinds | ((head === noTouch ? isNew : this.wasAbsent(head)) ? startedAbsent : 0);
    this.firsts[row] = atMs;
    this.lasts[row] = atMs;
    this.nexts[row] = head;
    this.options.retain(by);
    return row;
  }

  /** Whether what the chain is about was not there when the recording began. */
  wasAbsent(head: number): boolean {
    return ((this.kinds[head] as number) & startedAbsent) !== 0;
  }

  /** Every row of a chain, the latest first; `kinds` as bits. */
  *rows(head: number): Generator<Happening & { readonly firstMs: number }> {
    for (let at = head; at !== noTouch; at = this.nexts[at] as number) {
      yield {
        by: this.bys[at] as number,
        kinds: (this.kinds[at] as number) & kindBits,
        firstMs: this.firsts[at] as number,
        atMs: this.lasts[at] as number,
      };
    }
  }

  /** @returns one touch a process, the first first */
  read(head: number): Touch[] {
    const byProcess = new Map<number, { kinds: number; firstMs: number; lastMs: number }>();
    for (const { by, kinds, firstMs, atMs } of this.rows(head)) {
      const joined = byProcess.get(by) ?? { kinds: 0, firstMs, lastMs: atMs };
      byProcess.set(by, {
        kinds: joined.kinds | kinds,
        firstMs: Math.min(joined.firstMs, firstMs),
        lastMs: Math.max(joined.lastMs, atMs),
      });
    }
    return [...byProcess]
      .reverse()
      .map(([by, { kinds, firstMs, lastMs }]) => ({ by, kinds: touchKindsOf(kinds), firstMs, lastMs }))
      .sort((one, other) => one.firstMs - other.firstMs);
  }

  forget(head: number): void {
    for (let at = head; at !== noTouch; ) {
      const next = this.nexts[at] as number;
      this.options.release(this.bys[at] as number);
      this.nexts[at] = this.free;
      this.free = at;
      this.kept -= 1;
      at = next;
    }
  }

  private newRow(): number {
    if (this.kept >= this.options.touchesMax) {
      this.dropped += 1;
      return noTouch;
    }
    this.kept += 1;
    if (this.free !== noTouch) {
      const row = this.free;
      this.free = this.nexts[row] as number;
      return row;
    }
    if (this.used === this.bys.length) this.grow();
    return this.used++;
  }

  private grow(): void {
    const rows = this.bys.length * 2;
    this.bys = grown(this.bys, new Int32Array(rows));
    this.kinds = grown(this.kinds, new Uint8Array(rows));
    this.firsts = grown(this.firsts, new Float64Array(rows));
    this.lasts = grown(this.lasts, new Float64Array(rows));
    this.nexts = grown(this.nexts, new Int32Array(rows));
  }
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(rows: T, more: T): T {
  more.set(rows);
  return more;
}
