import { spawnSync } from "node:child_process";
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";

import { shellWord } from "./shell-word.ts";

/** What a shell takes words for. */
function readBack(words: readonly string[]): string[] {
  // Each stands where a shell expects a command's argument, and printf(1) repeats its format.
  const script = `printf '%s\\0' ${words.map(shellWord).join(" ")}`;
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\0").slice(0, -1);
}

const character = fc.constantFrom(...Array.from("aZ09_@%+=:,./-'\"\\$`~*?[]{}()<>|&;!#^ \t\nä…"));

property.prop([fc.array(fc.string({ unit: character }), { minLength: 1, maxLength: 40 })], { numRuns: 50 })(
  "a shell reads what was meant, whatever stands in it",
  (words) => {
    expect(readBack(words)).toEqual(words);
  },
);

test.each([
  ["/home/a/b-c_d.json", "/home/a/b-c_d.json"],
  ["100%,a=b:c@d+e", "100%,a=b:c@d+e"],
  ["", "''"],
  ["two words", "'two words'"],
  ["it's", String.raw`'it'\''s'`],
  ["a\n", "'a\n'"],
  ["~", "'~'"],
])("%j is written %s", (word, written) => {
  expect(shellWord(word)).toBe(written);
});
