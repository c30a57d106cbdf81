import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { minimizeList } from "./minimize-list.ts";

const gaveUp = () => false;

describe("minimizing a list", () => {
  property.prop([fc.integer({ min: 1, max: 60 }), fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 5 })])(
    "keeps exactly what is needed, in its order",
    (length, wanted) => {
      const items = Array.from({ length }, (_, index) => index);
      const needed = wanted.filter((item) => item < length).sort((left, right) => left - right);
      const holds = (kept: readonly number[]) => needed.every((item) => kept.includes(item));
      expect(minimizeList(items, { holds, gaveUp })).toEqual(needed);
    },
  );

  it("takes out pairs that can only go together", () => {
    const together = (kept: readonly string[]) =>
      kept.includes("bug") && kept.includes("pause") === kept.includes("resume");
    expect(minimizeList(["pause", "x", "bug", "y", "resume"], { holds: together, gaveUp })).toEqual(["bug"]);
  });

  it("needs few attempts when little is needed of much", () => {
    let attempts = 0;
    const items = Array.from({ length: 1_000 }, (_, index) => index);
    const holds = (kept: readonly number[]) => {
      attempts += 1;
      return kept.includes(123) && kept.includes(877);
    };
    minimizeList(items, { holds, gaveUp });
    expect(attempts).toBeLessThan(100);
  });

  it("keeps everything when everything is needed", () => {
    expect(minimizeList([1, 2, 3], { holds: (kept) => kept.length === 3, gaveUp })).toEqual([1, 2, 3]);
  });

  it("stops where it is when it gives up", () => {
    let attempts = 0;
    const holds = (kept: readonly number[]) => {
      attempts += 1;
      return kept.includes(0);
    };
    const items = Array.from({ length: 64 }, (_, index) => index);
    const kept = minimizeList(items, { holds, gaveUp: () => attempts >= 3 });
    expect({ attempts, kept: kept.length }).toEqual({ attempts: 3, kept: 16 });
  });
});
