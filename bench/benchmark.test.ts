import { describe, expect, it } from "vitest";

import { type BenchmarkResult, isMet, median } from "./benchmark.ts";

describe("the median of rounds", () => {
  it.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[1, 1, 100], 1],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe("a result", () => {
  const result: BenchmarkResult = {
    ...{ subject: "", yardstick: "", subjectRate: 20, yardstickRate: 10, unit: "", target: null, rounds: 1, notes: [] },
  };

  it.each([
    [{ target: null }, true],
    [{ target: 2 }, true],
    [{ target: 2.1 }, false],
    [{ rateTarget: 20 }, true],
    [{ rateTarget: 21 }, false],
    [{ target: 2, rateTarget: 21 }, false],
  ])("with the aims %j is met: %s", (aims, met) => {
    expect(isMet({ ...result, ...aims })).toBe(met);
  });
});
