import { resolve } from "node:path";
import { expect, test } from "vitest";
import { createVitest } from "vitest/node";

import { combined, parts } from "./suite-parts.ts";

test("every test file belongs to one part of the suite", async () => {
  const vitest = await createVitest("test", { root: resolve(import.meta.dirname, ".."), watch: false });
  try {
    const all = (await vitest.globTestSpecifications()).map(
      ({ project, moduleId }) => [project.name, moduleId] as const,
    );
    const names = new Set(all.map(([project]) => project));
    expect([...names].toSorted((one, other) => one.localeCompare(other))).toEqual(
      Object.values(parts)
        .flat()
        .toSorted((one, other) => one.localeCompare(other)),
    );
    expect(new Set(all.map(([, file]) => file)).size).toBe(all.length);
  } finally {
    await vitest.close();
  }
});

test("what came of the parts is added up", () => {
  const one = { passed: 2, failures: ["a"], flaky: [], skips: [{ name: "b", reason: "c" }] };
  const other = { passed: 3, failures: ["d"], flaky: [{ name: "e", error: "f" }], skips: [] };
  expect(combined([one, other])).toEqual({
    passed: 5,
    failures: ["a", "d"],
    flaky: [{ name: "e", error: "f" }],
    skips: [{ name: "b", reason: "c" }],
  });
});
