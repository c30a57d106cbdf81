import { blockField, type Segment, segmentFactor } from "./packed-tree.ts";

/** Nobody who makes files can know it, and so make two directories that look the same. */
export interface FingerprintKey {
  /** Of 32 bits each, drawn at random. */
  readonly high: number;
  readonly low: number;
}

const lowBits = 21;

/**
 * What tells two readings of a directory apart, in 53 bits: that two which differ are taken for the same happens once in
 * 10^15 directories, whatever is in them, because the key is drawn anew by each process.
 */
export class Fingerprints {
  private readonly key: FingerprintKey;
  private readonly known = new Map<number, number>();

  constructor(key: FingerprintKey) {
    this.key = key;
  }

  /** @param number of the segment in its tree */
  add({ words, used }: Segment, number: number): void {
    for (let at = 0; at < used; at += words[at + blockField.words] as number)
      this.known.set(number * segmentFactor + at, this.of(words, at));
  }

  /** Whether a block is the same as that at a place. */
  isSame(place: number, words: Int32Array, at: number): boolean {
    return this.known.get(place) === this.of(words, at);
  }

  /** Two rows of MurmurHash3's mixing, the second over what the first has made of each word. */
  private of(words: Int32Array, start: number): number {
    const end = start + (words[start + blockField.words] as number);
    let { high, low } = this.key;
    for (let at = start; at < end; at += 1) {
      const mixed = Math.imul(words[at] as number, 0xcc9e2d51);
      high = (Math.imul(rotated(high ^ Math.imul(rotated(mixed, 15), 0x1b873593), 13), 5) + 0xe6546b64) | 0;
      low = Math.imul(rotated(low ^ (words[at] as number) ^ high, 17), 0x85ebca6b) ^ this.key.high;
    }
    return (finished(high) >>> 0) * 2 ** lowBits + (finished(low) >>> (32 - lowBits));
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finished(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
