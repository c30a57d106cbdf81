import { ForgottenHashes } from "./forgotten-hashes.ts";
import { unknownProcess } from "./recording.ts";

/** A power of two. */
const placesDefault = 2 ** 17;
const nobody = -1;
/** More than one further. */
const more = -2;
/** As FNV-1a has them. */
const hashBasis = 0x811c9dc5;
const hashPrime = 0x01000193;

/** Of each place: the hash of its file, the first writer, and the second one. */
const words = 3;
const firstAt = 1;
const secondAt = 2;

interface Keeping {
  readonly retain: (by: number) => void;
  readonly release: (by: number) => void;
}

/** A file's handle, which stands somewhere among other bytes. */
export interface HandleBytes {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/**
 * Who did something to which file lately, whatever its name: a burst brings hundreds of thousands of them, and hardly any
 * is asked about. Of two files that want the same place the later one gets it, and of the other it is known that somebody
 * wrote to it; of more than two writers nobody knows which further ones there were.
 */
export class RecentWriters {
  /** All of a place beside each other: each file of a burst has a place of its own, far from the last one's. */
  private readonly places: Int32Array;
  private readonly mask: number;
  /** Files whose places others have taken. */
  private readonly forgotten = new ForgottenHashes();
  /** Where it is kept who did it, when, too. */
  private readonly times: Float64Array | null;
  private readonly keeping: Keeping | null;

  /** @param keeping told of each process that is to be known afterwards, and of each that need not be any longer */
  constructor(places = placesDefault, keeping: Keeping | null = null) {
    this.mask = places - 1;
    this.places = new Int32Array(places * words);
    for (let at = 0; at < this.places.length; at += words) {
      this.places[at + firstAt] = nobody;
      this.places[at + secondAt] = nobody;
    }
    this.times = keeping === null ? null : new Float64Array(places);
    this.keeping = keeping;
  }

  /**
   * @param by `serial` of the process
   * @param atMs wall time
   */
  wrote(handle: HandleBytes, by: number, atMs: number): void {
    const { places, times } = this;
    const hash = hashOf(handle);
    const at = (hash & this.mask) * words;
    const first = places[at + firstAt] as number;
    const second = places[at + secondAt] as number;
    if (times !== null) times[hash & this.mask] = atMs;
    if (first === nobody || places[at] !== hash) {
      if (first !== nobody) this.forgotten.add(places[at] as number);
      places[at] = hash;
      this.keep(first, by);
      this.keep(second, nobody);
      places[at + firstAt] = by;
      // Its place was another's meanwhile: who wrote before is not known any more.
      places[at + secondAt] = this.forgotten.mayHave(hash) ? more : nobody;
    } else if (first !== by && second !== by) {
      const next = second === nobody ? by : more;
      this.keep(second, next);
      places[at + secondAt] = next;
    }
  }

  /** Wall time in ms of the latest; only where processes are kept, and of one of whom `of` knows somebody. */
  latestMs(handle: HandleBytes): number {
    return this.times?.[hashOf(handle) & this.mask] ?? 0;
  }

  /**
   * @returns serials, among them `unknownProcess` where there were, or may have been, further ones; null where somebody
   *   wrote to it (of hardly any other file it is said, too), and another file has taken its place
   */
  of(handle: HandleBytes): number[] | null {
    const hash = hashOf(handle);
    const at = (hash & this.mask) * words;
    const [, first = nobody, second = nobody] = this.places.subarray(at, at + words);
    if (first === nobody || this.places[at] !== hash) return this.forgotten.mayHave(hash) ? null : [];
    if (second === nobody) return [first];
    return [first, second === more ? unknownProcess : second];
  }

  private keep(before: number, by: number): void {
    if (by >= 0) this.keeping?.retain(by);
    if (before >= 0) this.keeping?.release(before);
  }
}

/** Four bytes at once, as the kernel pads handles: a burst has one for each of its files. */
function hashOf({ bytes, start, end }: HandleBytes): number {
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
