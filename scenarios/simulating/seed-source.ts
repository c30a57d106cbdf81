import { assert } from "../../foundation/assert.ts";

/** Seeds by their number, from 0. */
export interface SeedSource {
  /** Infinity when they go on for ever. */
  readonly count: number;
  at(index: number): string;
}

/** One seed, taken as it is: any text, a commit's hash too. */
export function oneSeed(seed: string): SeedSource {
  return { count: 1, at: () => seed };
}

/** `base-0`, `base-1` …: each can be run again by its own name. */
export function seedsFrom(base: string, count: number): SeedSource {
  assert(count > 0, "there is a seed to run");
  return { count, at: (index) => `${base}-${index}` };
}
