import { assert } from "../../foundation/assert.ts";

/** One of `total` parts of a suite, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly total: number;
}

/**
 * The shard's part of a list: in the list's order, without a gap, and as long as any other shard's or by one longer.
 * The parts of all shards, one after the other, are the list.
 */
export function shardOf<T>(items: readonly T[], { index, total }: Shard): readonly T[] {
  assert(index >= 1, "shards are counted from 1");
  assert(index <= total, "a shard is one of all");
  const from = Math.floor((items.length * (index - 1)) / total);
  const to = Math.floor((items.length * index) / total);
  return items.slice(from, to);
}
