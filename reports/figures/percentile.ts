import { assert } from "../../foundation/assert.ts";

/**
 * The nearest-rank percentile: the smallest sample that at least `percent` of all samples are not above. Always a
 * sample that was really seen, never a mean of two.
 *
 * @param samples at least one, in any order
 * @param percent above 0, up to 100
 */
export function percentile(samples: readonly number[], percent: number): number {
  assert(samples.length > 0, "a percentile is of at least one sample");
  assert(percent > 0 && percent <= 100, "a percentile is above 0 and at most 100");
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] as number;
}
