import { expect, test } from "vitest";

import { backoffAfter } from "./backoff.ts";
import { defaultTiming } from "./timing.ts";

test.each([
  [1, 500, 1_000],
  [2, 1_000, 2_000],
  [6, 16_000, 32_000],
  [7, 30_000, 60_000],
  [100, 30_000, 60_000],
])("after failed attempt %i a job waits for %i to %i ms by default", (attempt, leastMs, mostMs) => {
  expect(backoffAfter(attempt, defaultTiming)).toEqual({ leastMs, mostMs });
});

test("the shortest wait is a millisecond", () => {
  expect(backoffAfter(1, { backoffMs: 1, backoffMsMax: 1 })).toEqual({ leastMs: 1, mostMs: 1 });
});
