import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { LogFile } from "./log.ts";
import { temporaryDirectory } from "./testing/temporary-home.ts";

test("a log does not outgrow its bound, and keeps whole lines, the newest among them", () => {
  const path = join(temporaryDirectory(), "agent.log");
  const log = new LogFile(path, 1_000);
  for (let line = 0; line < 500; line += 1) {
    log.write(`{"line":${line}}\n`);
    expect(statSync(path).size).toBeLessThanOrEqual(1_000);
  }
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const numbers = lines.map((line) => (JSON.parse(line) as { line: number }).line);
  expect(numbers.at(-1)).toBe(499);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  expect(numbers.length).toBeGreaterThan(25);
});
