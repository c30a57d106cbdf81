import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createVitest } from "vitest/node";

import { combined, parts, runParts } from "./suite-parts.ts";

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

describe("a small suite", () => {
  let house: string;
  const names = Object.values(parts).flat();

  beforeEach(() => {
    house = mkdtempSync(join(tmpdir(), "houseguest-suite-parts-"));
    symlinkSync(join(root, "node_modules"), join(house, "node_modules"));
    const projects = names.map((name) => ({ test: { name, include: [`${name}.test.mjs`] } }));
    writeFileSync(
      join(house, "vitest.config.mjs"),
      `export default { test: { projects: ${JSON.stringify(projects)} } };`,
    );
    for (const name of names) writeTest(name);
  });
  afterEach(() => rmSync(house, { recursive: true, force: true }));

  function writeTest(name: string, more = ""): void {
    const text = `import { appendFileSync } from "node:fs";
      import { test } from "vitest";
      test("${name}", async () => { appendFileSync("${house}/begun", "${name} "); ${more} });`;
    writeFileSync(join(house, `${name}.test.mjs`), text);
  }

  const begun = () => readFileSync(join(house, "begun"), "utf8").trim().split(" ");
  const suite = () => ({ environment: {}, parameters: ["--root", house], output: "hidden" }) as const;

  test("is played in its order, and nothing is left out", async () => {
    expect(await runParts(suite())).toEqual({ passed: names.length, failures: [], flaky: [], skips: [] });
    expect([begun().at(0), begun().at(-1), begun().length]).toEqual(["unit", "alone", names.length]);
  });

  test.each(["unit", "virtual"])("that is interrupted in %s ends, says so, and begins no other part", async (name) => {
    writeTest(name, `appendFileSync("${house}/waits", ""); await new Promise(() => {});`);
    const waits = new Promise<void>((done) => {
      const watcher = watch(house, () => {
        if (!existsSync(join(house, "waits"))) return;
        watcher.close();
        done();
      });
    });
    const played = runParts(suite());
    await waits;
    process.emit("SIGTERM");
    expect((await played).failures).toContain("the suite was interrupted");
    expect(begun()).not.toContain("alone");
  });
});
