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
    [{ target: 1.5, ratio: 1.4 }, false],
    [{ target: 3, ratio: 3.1 }, true],
  ])("with the aims %j is met: %s", (aims, met) => {
    expect(isMet({ ...result, ...aims })).toBe(met);
  });

  it.each([
    [60, true],
    [60.1, false],
  ])("that may be 60 at most and is %d is met: %s", (measured, met) => {
    expect(isMet({ what: "", measured, most: 60, unit: "ms", notes: [] })).toBe(met);
  });
});
