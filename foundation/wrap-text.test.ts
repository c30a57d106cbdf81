import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";

import { wrapText } from "./wrap-text.ts";

describe("wrapped text", () => {
  test.each([
    ["", {}, ""],
    ["one", { columns: 2 }, "one"],
    ["one two three", { columns: 7 }, "one two\nthree"],
    ["one\n  two", {}, "one two"],
    ["one two three", { columns: 8, indent: "- ", hanging: "    " }, "- one\n    two\n    three"],
    ["≥ ≤ 𝟙𝟙", { columns: 6 }, "≥ ≤ 𝟙𝟙"],
  ])("%j within %j", (text, options, wrapped) => {
    expect(wrapText(text, options)).toBe(wrapped);
  });

  property.prop([fc.array(fc.stringMatching(/^[a-z]{1,12}$/)), fc.integer({ min: 16, max: 60 })])(
    "keeps every word in its order, and to its columns",
    (words, columns) => {
      const wrapped = wrapText(words.join(" "), { columns, indent: "  ", hanging: "    " });
      expect(wrapped.split(/\s+/).filter(Boolean)).toEqual(words);
      for (const line of wrapped.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    },
  );
});
