import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { createVitest } from "vitest/node";

import { combined, parts } from "./suite-parts.ts";

const root = resolve(import.meta.dirname, "..");

interface ProjectFile {
  readonly project: string;
  readonly file: string;
}

async function allFiles(): Promise<ProjectFile[]> {
  const vitest = await createVitest("test", { root, watch: false });
  try {
    const specifications = await vitest.globTestSpecifications();
    return specifications.map(({ project, moduleId }) => ({ project: project.name, file: relative(root, moduleId) }));
  } finally {
    await vitest.close();
  }
}

test("every test file belongs to one part of the suite", async () => {
  const files = await allFiles();
  expect(new Set(files.map(({ project }) => project))).toEqual(new Set(Object.values(parts).flat()));
  expect(new Set(files.map(({ file }) => file)).size).toBe(files.length);
});

test("the night asks for tests that there are", async () => {
  const files = await allFiles();
  const asked = readFileSync(resolve(root, ".ci/nightly"), "utf8").split("\n");
  const lines = asked.flatMap((line) => /npx vitest run (--project .*)$/.exec(line)?.[1] ?? []);
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const words = line.split(" ").filter((word) => word !== "--project");
    const names = new Set(files.map(({ project }) => project));
    const projects = words.filter((word) => names.has(word));
    for (const filter of words.filter((word) => !names.has(word))) {
      const found = files.filter(({ project, file }) => projects.includes(project) && file.includes(filter));
      expect(found, `${filter}, of ${line}`).not.toEqual([]);
    }
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
