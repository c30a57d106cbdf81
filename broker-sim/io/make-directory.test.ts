import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { temporaryDirectory } from "../testing/live-broker.ts";
import { makeDirectory } from "./make-directory.ts";

test("makes what is missing, for its own user alone, and takes what is there", () => {
  const root = temporaryDirectory();
  const path = join(root, "a", "b", "c");
  makeDirectory(path);
  makeDirectory(path);
  makeDirectory(`${path}/`);
  for (const one of [path, join(root, "a", "b"), join(root, "a")]) expect(statSync(one).mode & 0o777).toBe(0o700);
  mkdirSync(join(root, "open"), { mode: 0o755 });
  makeDirectory(join(root, "open", "inner"));
  expect(statSync(join(root, "open")).mode & 0o777).toBe(0o755);
});

test("says so where nothing can be made, or something else is there", () => {
  const file = join(temporaryDirectory(), "file");
  writeFileSync(file, "");
  expect(() => makeDirectory(file)).toThrow(`${file} is no directory`);
  expect(() => makeDirectory(join(file, "below"))).toThrow(/ENOTDIR/);
  expect(() => makeDirectory("/proc/houseguest/below")).toThrow(/ENOENT/);
  expect(() => makeDirectory("")).toThrow(/ENOENT/);
});
