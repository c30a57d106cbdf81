import fc from "fast-check";
import { expect, test } from "vitest";

import { lifecycleStory } from "../testing/lifecycle-story.ts";
import { parseHistory } from "./parse-history.ts";

const story = lifecycleStory({ jobs: 4, slots: 1, cycles: 1 });
const text = story.text();

test("a whole history is read as it was written", () => {
  expect(parseHistory(text)).toEqual({ records: story.records, lostEvidence: [] });
});

test("cut anywhere, it is read up to the last whole line, and the torn one is told", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length }), (length) => {
      const cut = text.slice(0, length);
      const whole = cut.split("\n").length - 1;
      const { records, lostEvidence } = parseHistory(cut);
      expect(records).toEqual(story.records.slice(0, whole));
      expect(lostEvidence).toHaveLength(cut === "" || cut.endsWith("\n") ? 0 : 1);
    }),
  );
});

test("a line that is no record is told by its number, and the others are read", () => {
  const lines = text.trimEnd().split("\n");
  const spoilt = [...lines.slice(0, 2), "not JSON", '{"at":1}', ...lines.slice(2), ""].join("\n");
  const { records, lostEvidence } = parseHistory(spoilt);
  expect(records).toEqual(story.records);
  expect(lostEvidence[0]).toBe("Line 3 of history.jsonl is no record: the line is not JSON.");
  expect(lostEvidence[1]).toMatch(/^Line 4 of history\.jsonl is no record: .*actor/);
});

test("a file of something else does not flood the report", () => {
  const { records, lostEvidence } = parseHistory("noise\n".repeat(10_000));
  expect(records).toEqual([]);
  expect(lostEvidence).toHaveLength(21);
  expect(lostEvidence.at(-1)).toBe("9980 more lines of history.jsonl are no records.");
});
