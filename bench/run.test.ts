import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const bench = (...words: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "run.ts"), ...words], { encoding: "utf8" });

test("help is given, and nothing measured", () => {
  const { status, stdout } = bench("--help");
  expect([status, stdout]).toEqual([0, expect.stringContaining("npm run bench -- recorder")]);
  expect(stdout).not.toContain("median");
});

test.each([
  ["no-such", 'There is no benchmark "no-such".'],
  ["--chekc", "--chekc"],
])("what it does not know ends with 64, by name: %s", (word, said) => {
  const { status, stdout, stderr } = bench(word);
  expect([status, stdout]).toEqual([64, ""]);
  expect(stderr).toContain(said);
});
