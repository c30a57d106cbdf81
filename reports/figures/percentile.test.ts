import fc from "fast-check";
import { expect, test } from "vitest";

import { percentile } from "./percentile.ts";

test("nearest rank, as the textbook has it", () => {
  const samples = [15, 20, 35, 40, 50];
  expect([5, 30, 40, 50, 100].map((percent) => percentile(samples, percent))).toEqual([15, 20, 20, 35, 50]);
});

test("the p99 of a hundred is the 99th, of fewer the largest", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 99)).toBe(99);
  expect(percentile(hundred.slice(0, 99), 99)).toBe(99);
});

test("it is a sample, at least the asked share is not above it, and less than that is below it", () => {
  const samples = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const found = percentile(values, percent);
      expect(values).toContain(found);
      expect(values.filter((value) => value <= found).length * 100).toBeGreaterThanOrEqual(percent * values.length);
      expect(values.filter((value) => value < found).length * 100).toBeLessThan(percent * values.length);
    }),
  );
});

test("of nothing there is none", () => {
  expect(() => percentile([], 50)).toThrow("at least one sample");
  expect(() => percentile([1], 0)).toThrow("above 0");
});
