import fc from "fast-check";
import { expect, test } from "vitest";

import { shorten, visibleWidth, wrap, wrapItems } from "./width.ts";

const words = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "漢", "🦔", "-"), maxLength: 30 }), {
  maxLength: 20,
});

test("wide characters take two columns, combining marks none", () => {
  expect(["abc", "漢字", "🦔", "e\u0301", "✓ █"].map(visibleWidth)).toEqual([3, 4, 2, 1, 3]);
});

test("a text that is cut says so, and is never wider than asked", () => {
  expect(shorten("withdraw", 5)).toBe("with…");
  expect(shorten("withdraw", 8)).toBe("withdraw");
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 40 }), (texts, width) => {
      expect(visibleWidth(shorten(texts.join(" "), width))).toBeLessThanOrEqual(width);
    }),
  );
});

test("wrapping keeps every character and no line is too wide", () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 2, max: 40 }), (texts, width) => {
      const lines = wrap(texts.join(" "), width);
      for (const line of lines) expect(visibleWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.join("").replaceAll(" ", "")).toBe(texts.join(""));
    }),
  );
});

test("items stay whole as long as a line can hold them", () => {
  expect(wrapItems(["one", "two", "three"], " · ", 9)).toEqual(["one · two", "three"]);
  expect(wrapItems([], " · ", 9)).toEqual([]);
});
