import { expect, onTestFinished, test, vi } from "vitest";

import { systemClock } from "./clock.ts";

test("the wall clock is the machine's", () => {
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1_000);
});

test("the monotonic clock never goes back and is finer than a millisecond", () => {
  const readings = Array.from({ length: 10_000 }, () => systemClock.monotonicMs());
  expect(readings.every((reading, index) => index === 0 || reading >= (readings[index - 1] ?? 0))).toBe(true);
  expect(readings.some((reading) => !Number.isInteger(reading))).toBe(true);
});

test.each([3_600_000, -3_600_000])("a machine's clock that is set by %d ms is not followed (case 10)", (byMs) => {
  const before = systemClock.nowMs();
  const set = vi.spyOn(Date, "now").mockReturnValue(Date.now() + byMs);
  onTestFinished(() => set.mockRestore());
  expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before);
  expect(systemClock.nowMs() - before).toBeLessThan(60_000);
});
