import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { packTree } from "../testing/packed-tree-fixture.ts";
import { Fingerprints } from "./fingerprints.ts";
import type { Segment } from "./packed-tree.ts";

const key = { high: 0x1234_5678, low: 0x9abc_def0 };
const only = (entries: readonly string[]) => packTree({ "/d": entries })[0] as Segment;

function isSame(one: Segment, other: Segment, drawn = key): boolean {
  const fingerprints = new Fingerprints(drawn);
  fingerprints.add(one, 3);
  return fingerprints.isSame(3 * 2 ** 32, other.words, 0);
}

test.prop([
  fc.array(fc.string({ minLength: 1, maxLength: 8, unit: "grapheme-ascii" })),
  fc.nat(),
  fc.integer({ min: 1 }),
])("a directory is the same as itself, and as none of which one word is another", (entries, place, difference) => {
  const segment = only([...new Set(entries.filter((entry) => !entry.includes("/")))]);
  expect(isSame(segment, { ...segment, words: segment.words.slice() })).toBe(true);
  const words = segment.words.slice();
  // The first one is how many there are.
  const at = 1 + (place % (segment.used - 1));
  words[at] = (words[at] as number) ^ difference;
  expect(isSame(segment, { ...segment, words })).toBe(false);
});

test("two words that change places are noticed, and what is nowhere is no place", () => {
  const segment = only(["ab", "cd"]);
  const words = segment.words.slice();
  [words[8], words[9]] = [1, 2];
  const swapped = words.slice();
  [swapped[8], swapped[9]] = [2, 1];
  expect(isSame({ ...segment, words }, { ...segment, words: swapped })).toBe(false);
  expect(new Fingerprints(key).isSame(0, segment.words, 0)).toBe(false);
});
