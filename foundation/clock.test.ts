import { expect, test } from "vitest";

import { systemClock } from "./clock.ts";

test("the wall clock is the machine's", () => {
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1_000);
});

test("the monotonic clock never goes back and is finer than a millisecond", () => {
  const readings = Array.from({ length: 10_000 }, () => systemClock.monotonicMs());
  expect(readings.every((reading, index) => index === 0 || reading >= (readings[index - 1] ?? 0))).toBe(true);
  expect(readings.some((reading) => !Number.isInteger(reading))).toBe(true);
});
