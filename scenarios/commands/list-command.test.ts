import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { catalog } from "../catalog/catalog.ts";
import { runMain } from "../testing/run-main.ts";

const launcher = resolve(import.meta.dirname, "../../bin/scenarios.mjs");
/** Tells every module that is loaded, a line each. */
const teller = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write(url + "\\n"); return next(url, context); } });`;

test("the list loads nothing that it does not need: who asks for it waits for its start", async () => {
  const place = mkdtempSync(join(tmpdir(), "list-command-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const hook = `data:text/javascript,${encodeURIComponent(teller)}`;
  const { stderr, stdout } = await execa(process.execPath, ["--import", hook, launcher, "list"], { cwd: place });
  expect(stdout).toContain("withdraw-under-load");
  const loaded = stderr.split("\n").filter((line) => line.startsWith("file:"));
  expect(loaded.some((url) => url.endsWith("/scenarios/catalog/catalog.ts"))).toBe(true);
  // The profiles' names stand in the help, and whether a host has a controller is asked of its cgroups.
  const heavy =
    /\/(residue-scanner|simulator(?!\/plan\/plan-request\.ts)|checkers|stages|agent(?!\/sandbox\/cgroup\.ts)|broker-sim)\/|\/node_modules\/(zod|acorn|koffi|piscina|execa)\//;
  expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
});

test("the list is narrowed by words and by stage, and every scenario cites rows of the requirements", async () => {
  const listed = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await runMain(["list", "--json", ...args]);
    return (jsonOf({ stdout, stderr, exitCode }) as { name: string; requirements: string[] }[]).map(({ name }) => name);
  };
  expect(await listed()).toEqual(catalog.map(({ name }) => name));
  expect(await listed("--grep", "WC-15")).toEqual(["hundred-in-a-row"]);
  expect(await listed("--grep", "nothing-has-this")).toEqual([]);
  expect(await runMain(["list", "--grep", "nothing-has-this"])).toMatchObject({
    ...{ exitCode: 64, stdout: "", stderr: expect.stringContaining("Nothing matches.") },
  });
  expect(await listed("--stage", "sim", "--grep-invert", "@withdraw|@pause")).toEqual(
    catalog
      .filter(({ tags, stages }) => stages.includes("sim") && !tags.includes("withdraw") && !tags.includes("pause"))
      .map(({ name }) => name),
  );
});
