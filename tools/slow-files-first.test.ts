import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { TestSpecification, Vitest } from "vitest/node";

import { SlowFilesFirst, slowFiles } from "./slow-files-first.ts";

const root = resolve(import.meta.dirname, "..");

test("the files that are called slow are there", () => {
  expect(slowFiles.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test("slow files come first, longest first, and those of the first group before those of the next", async () => {
  const specification = (file: string, groupOrder = 0) =>
    ({
      moduleId: join(root, file),
      project: { name: groupOrder === 0 ? "unit" : "host", config: { sequence: { groupOrder }, isolate: true } },
    }) as unknown as TestSpecification;
  const vitest = { config: { root }, cache: { getTestSpecificationResult: () => undefined } } as unknown as Vitest;
  const [longest = "", next = ""] = slowFiles;
  const given = [specification("host.ts", 1), specification("quick.ts"), specification(next), specification(longest)];
  const sorted = await new SlowFilesFirst(vitest).sort(given);
  const expected = [longest, next, "quick.ts", "host.ts"].map((file) => join(root, file));
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual(expected);
});
