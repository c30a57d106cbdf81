import { assert } from "./assert.ts";

/** A stream of random decisions that its seed determines. */
export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  nextUint32(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(range: { readonly min: number; readonly max: number }): number;
  /** True with probability `ratio` (0 to 1). */
  chance(ratio: number): boolean;
  /** One element; throws on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** An independent stream, determined by this stream's seed and the key, however much either was drawn from. */
  stream(key: string): Random;
}

/**
 * A seeded stream (sfc32, seeded through splitmix32). Streams are keyed: a subsystem that draws more or less than
 * before leaves the others' draws as they were.
 *
 * @param seed any string; the same seed gives the same stream on every machine
 */
export function seededRandom(seed: string): Random {
  const next = sfc32(seed);
  const random: Random = {
    nextUint32: next,
    integer({ min, max }) {
      assert(Number.isSafeInteger(min), "min is a whole number");
      assert(Number.isSafeInteger(max), "max is a whole number");
      assert(min <= max, "min is at most max");
      assert(max - min < 2 ** 32, "the range holds at most 2^32 values, or some would never be drawn");
      return min + Math.floor((next() / 2 ** 32) * (max - min + 1));
    },
    chance: (ratio) => next() / 2 ** 32 < ratio,
    pick<T>(items: readonly T[]): T {
      assert(items.length > 0, "there is something to pick from");
      return items[random.integer({ min: 0, max: items.length - 1 })] as T;
    },
    stream: (key) => seededRandom(`${seed}/${key}`),
  };
  return random;
}

function sfc32(seed: string): () => number {
  const mix = splitmix32(fnv1a(seed));
  let a = mix();
  let b = mix();
  let c = mix();
  let counter = 1;
  const next = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) next();
  return next;
}

function splitmix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
