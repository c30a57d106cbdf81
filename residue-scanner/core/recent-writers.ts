import { unknownProcess } from "./recording.ts";

/** A power of two. */
const placesDefault = 2 ** 17;
const nobody = -1;
/** More than one further. */
const more = -2;
/** As FNV-1a has them. */
const hashBasis = 0x811c9dc5;
const hashPrime = 0x01000193;

interface Keeping {
  readonly retain: (by: number) => void;
  readonly release: (by: number) => void;
}

/**
 * Who did something to which file lately, whatever its name: a burst brings hundreds of thousands of them, and hardly any
 * is asked about. Of two files that want the same place the later one gets it; of more than two writers nobody knows which
 * further ones there were.
 */
export class RecentWriters {
  private readonly hashes: Int32Array;
  private readonly firsts: Int32Array;
  private readonly seconds: Int32Array;
  /** Whether there was another file at a place. */
  private readonly taken: Uint8Array;
  private readonly times: Float64Array;
  private readonly keeping: Keeping | null;

  /** @param keeping told of each process that is to be known afterwards, and of each that need not be any longer */
  constructor(places = placesDefault, keeping: Keeping | null = null) {
    this.hashes = new Int32Array(places);
    this.firsts = new Int32Array(places).fill(nobody);
    this.seconds = new Int32Array(places).fill(nobody);
    this.taken = new Uint8Array(places);
    this.times = new Float64Array(places);
    this.keeping = keeping;
  }

  /**
   * @param bytes the file's handle stands in them between two places
   * @param by `serial` of the process
   * @param atMs wall time
   */
  wrote(bytes: Uint8Array, [start, end]: readonly [number, number], by: number, atMs: number): void {
    const hash = hashOf(bytes, start, end);
    const at = hash & (this.hashes.length - 1);
    const [first, second] = [this.firsts[at] as number, this.seconds[at] as number];
    this.times[at] = atMs;
    if (first === nobody || this.hashes[at] !== hash) {
      if (first !== nobody) this.taken[at] = 1;
      this.hashes[at] = hash;
      this.keep(first, by);
      this.keep(second, nobody);
      this.firsts[at] = by;
      this.seconds[at] = nobody;
    } else if (first !== by && second !== by) {
      const next = second === nobody ? by : more;
      this.keep(second, next);
      this.seconds[at] = next;
    }
  }

  /** Wall time in ms of the latest; only of one of whom `of` knows somebody. */
  latestMs(bytes: Uint8Array, [start, end]: readonly [number, number]): number {
    return this.times[hashOf(bytes, start, end) & (this.hashes.length - 1)] as number;
  }

  private keep(before: number, by: number): void {
    if (by >= 0) this.keeping?.retain(by);
    if (before >= 0) this.keeping?.release(before);
  }

  /**
   * @returns serials, among them `unknownProcess` where there were further ones; null where somebody may have written to
   *   it, and another file has taken its place
   */
  of(bytes: Uint8Array, [start, end]: readonly [number, number]): number[] | null {
    const hash = hashOf(bytes, start, end);
    const at = hash & (this.hashes.length - 1);
    const [first, second] = [this.firsts[at] as number, this.seconds[at] as number];
    if (first === nobody || this.hashes[at] !== hash) return this.taken[at] === 1 ? null : [];
    if (second === nobody) return [first];
    return [first, second === more ? unknownProcess : second];
  }
}

/** Four bytes at once, as the kernel pads handles: a burst has one for each of its files. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashBasis;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, hashPrime);
    // A product's low bits know nothing of a word's high ones.
    hash ^= hash >>> 15;
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), hashPrime);
  return hash ^ (hash >>> 15);
}
