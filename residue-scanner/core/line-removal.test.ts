import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { lineRemoval } from "./line-removal.ts";

const odd = ["a.b*c", "it's [x] $HOME `id` \\n", "^/usr/bin/x$", "& | # %", "\xc3\xa4 {1,2}", "tab\there"];

it("takes out just the lines that came, whatever is in them and whichever goes first", () => {
  const file = join(temporaryDirectory(), "it's shared");
  const before = ["a.bbc", "stays", "a b*c", "x"];
  const lines = ["before", ...odd.flatMap((text, index) => [before[index] ?? "between", ` ${text} `]), "x"];
  const removals = odd.map((text) =>
    lineRemoval({ file, text, line: lines.indexOf(` ${text} `) + 1, isRepeated: false }),
  );
  for (const order of [removals, removals.toReversed()]) {
    writeFileSync(file, `${lines.join("\n")}\n`, "latin1");
    for (const removal of order) execFileSync("bash", ["-c", removal]);
    const left = lines.filter((line) => !odd.includes(line.trim()));
    expect(readFileSync(file, "latin1")).toBe(`${left.join("\n")}\n`);
  }
});

it("takes a line out once where the same stood there before, and of a secret none but that name's", () => {
  const file = join(temporaryDirectory(), "shared");
  const run = (content: string, text: string, line: number) => {
    writeFileSync(file, content);
    execFileSync("bash", ["-c", lineRemoval({ file, text, line, isRepeated: true })]);
    return readFileSync(file, "utf8");
  };
  expect(run("x\ny\nx\n", "x", 3)).toBe("x\ny\n");
  // Another line stands there by now.
  expect(run("x\nx\ny\n", "x", 3)).toBe("x\nx\ny\n");
  expect(run("al:1\nbo:2\n", "bo:(digest 00ff)", 2)).toBe("al:1\n");
  expect(run("al:1\nbo:2\n", "bo:(digest 00ff)", 1)).toBe("al:1\nbo:2\n");
});
