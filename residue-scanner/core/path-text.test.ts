import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { unshownPath } from "../../protocol/finding-location.ts";
import { shellPath, showPath, showWords, toBytePath } from "./path-text.ts";

const names = [
  "plain",
  "with blank",
  "it's",
  "ä",
  "new\nline",
  "\xff",
  "\xff'\\n",
  "back\\slash",
  "$HOME",
  "`id`",
  "\x85",
  "\xc2\x85",
  "tab\tä\\x41",
  "-n",
  "\x1b[31m",
];

describe("a path in words", () => {
  it.each([
    ["plain.txt", "plain.txt"],
    [toBytePath("Übung"), "Übung"],
    ["a\nb", "a\\nb"],
    ["a\xffb", "a\\xffb"],
    ["a\\nb", "a\\\\nb"],
    ["\x1b[31m", "\\x1b[31m"],
  ])("shows %j as %s", (bytePath, shown) => {
    expect(showPath(bytePath)).toBe(shown);
  });

  it("shows words that are no path with their backslashes as they are", () => {
    const words = ["printf 'a\\n'", toBytePath("grep ü"), "\xfc\x1b"];
    expect(words.map(showWords)).toEqual(["printf 'a\\n'", "grep ü", "\\xfc\\x1b"]);
  });

  it("never shows two paths alike", () => {
    expect(new Set(names.map(showPath)).size).toBe(names.length);
  });

  it("can be had back", () => {
    expect(names.map((name) => unshownPath(showPath(toBytePath(name))))).toEqual(names.map(toBytePath));
    expect(names.map((name) => unshownPath(showPath(name)))).toEqual(names);
  });

  it("goes through a shell unchanged", () => {
    const script = names.map((name) => `printf '%s\\0' ${shellPath(name)}`).join("\n");
    const printed = execFileSync("bash", ["-c", script], { encoding: "latin1" });
    expect(printed.split("\0").slice(0, -1)).toEqual(names);
  });
});
