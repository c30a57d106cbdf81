import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { findConfig } from "./find-config.ts";

let place: string;
let below: string;
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), "find-config-")));
  below = join(place, "a", "b");
  mkdirSync(below, { recursive: true });
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function config(...path: string[]): string {
  const file = join(place, ...path);
  writeFileSync(file, "export default {};");
  return file;
}

test("the nearest configuration upward holds, and one that is named before all", () => {
  expect(findConfig(undefined, below)).toBeUndefined();
  const above = config("scenarios.config.ts");
  expect(findConfig(undefined, below)).toBe(above);
  const near = config("a", "houseguest.config.json");
  expect(findConfig(undefined, below)).toBe(near);
  expect(findConfig("../other.ts", below)).toBe(join(place, "a", "other.ts"));
});

test("of two in one folder nobody can tell which is meant", () => {
  config("scenarios.config.ts");
  config("houseguest.config.json");
  expect(() => findConfig(undefined, below)).toThrow(expect.objectContaining({ code: "two-configs", exitCode: 64 }));
});

test.skipIf(process.getuid?.() !== 0)("what somebody else put above is not run; only root can give a file away", () => {
  const foreign = config("scenarios.config.ts");
  chownSync(foreign, 12_345, 12_345);
  expect(() => findConfig(undefined, below)).toThrow(expect.objectContaining({ code: "foreign-config" }));
  // Who works in a folder of that user's, as with sudo, means that user's.
  chownSync(below, 12_345, 12_345);
  expect(findConfig(undefined, below)).toBe(foreign);
  chownSync(below, 0, 0);
  expect(findConfig(undefined, place)).toBe(foreign);
});
