import { expect, test } from "vitest";

import { findingOf, quickestHunt, troubleWith } from "./baseline.ts";
import type { Hunt } from "./hunt-mutant.ts";

function huntOf(seeds: number | null): Hunt {
  return { base: "zoo-a", seeds, found: null, skipped: 0 };
}

const findingAfter = (...seeds: (number | null)[]) => findingOf(seeds.map(huntOf));

test("the median is the middle one, and a hunt that found nothing is the longest", () => {
  expect(findingAfter(40, 3, null, 9, 1)).toMatchObject({ median: 9, found: [40, 3, null, 9, 1] });
  expect(findingAfter(3, null, null, null, 1).median).toBeNull();
});

test("a mutant that one of the hunts did not find is trouble, whatever the others found", () => {
  expect(troubleWith(findingAfter(1, 1, 1, 1, null), undefined)).toBe("not found 1 times");
  expect(troubleWith(findingAfter(null), undefined)).toBe("not found");
  expect(troubleWith(findingAfter(1, 2, 3), undefined)).toBeNull();
});

test("a mutant is found too late beyond five times the baseline and fifty seeds", () => {
  const before = findingAfter(10);
  expect(troubleWith(findingAfter(100), before)).toBeNull();
  expect(troubleWith(findingAfter(101), before)).toBe("takes longer than before");
});

test("the quickest hunt is the one of the fewest seeds, and the first where nothing is known", () => {
  expect(quickestHunt(findingAfter(40, null, 3, 9, 3))).toEqual({ index: 2, seeds: 3 });
  expect(quickestHunt(undefined).index).toBe(0);
  expect(quickestHunt(findingAfter(null)).index).toBe(0);
});
