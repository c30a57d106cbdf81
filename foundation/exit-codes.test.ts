import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { ExitCode } from "./exit-codes.ts";

test("the exit codes are the documented table: others script against them", () => {
  expect(ExitCode).toEqual({
    pass: 0,
    fail: 1,
    unknown: 2,
    notUndone: 3,
    usage: 64,
    harnessBug: 70,
    interrupted: 130,
  });
});

test("README.md lists each of them", () => {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const listed = [...readme.matchAll(/^\| (\d+) \|/gm)].map((row) => Number(row[1]));
  expect(listed).toEqual(Object.values(ExitCode));
});
