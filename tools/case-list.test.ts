import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

import { readCases } from "./case-list.ts";

test("a case has its chapter, and is told without its outcome and its sources", () => {
  const document = `# Cases
1 thing to know first.
## Lease / partition
1. Renew arrives 1 ms late → refused, stays Expired. [a; b#1]
2. Agent killed → lost; later → found. [c]

## Pause
3. "Finish then pause" survives a restart. [d#1]`;
  expect(readCases(document)).toEqual([
    { number: 1, chapter: "Lease / partition", words: "Renew arrives 1 ms late" },
    { number: 2, chapter: "Lease / partition", words: "Agent killed" },
    { number: 3, chapter: "Pause", words: '"Finish then pause" survives a restart' },
  ]);
});

test.each(["2. Begins in the middle.", "1. One.\n3. Three.", "1. One.\n1. One again."])("%j is refused", (document) => {
  expect(() => readCases(document)).toThrow(/follows/);
});

test("docs/cases.md has 72, each in a chapter and with words", () => {
  const cases = readCases(readFileSync(resolve(import.meta.dirname, "../docs/cases.md"), "utf8"));
  expect(cases).toHaveLength(72);
  for (const { chapter, words } of cases) expect([chapter, words]).not.toContain("");
});
