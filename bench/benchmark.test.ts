import { describe, expect, it } from "vitest";

import { median } from "./benchmark.ts";

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
