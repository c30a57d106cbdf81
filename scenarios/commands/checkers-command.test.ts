import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { checkers } from "../checkers/registry.ts";
import { runMain } from "../testing/run-main.ts";

it("lists every checker in lines of 80", async () => {
  const { exitCode, stdout } = await runMain(["checkers"]);
  const lines = stdout.split("\n");
  expect(exitCode).toBe(0);
  expect(lines.filter((line) => /^\S/.test(line))).toEqual(Object.keys(checkers));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

it("shows one as the document has it", async () => {
  const { stdout } = await runMain(["checkers", "freeze-latency"]);
  expect(stdout).toContain("freezesMin");
  expect(readFileSync(new URL("../../docs/own-scenarios.md", import.meta.url), "utf8")).toContain(stdout);
});

it("says as JSON what each setting takes, and what holds without it", async () => {
  const { stdout, stderr, exitCode } = await runMain(["checkers", "grace-given", "--json"]);
  expect(jsonOf({ stdout, stderr, exitCode })).toMatchObject([
    {
      name: "grace-given",
      settings: [{ name: "graceMs", needed: true, default: null, takes: "ms" }, { name: "mostMs" }],
    },
  ]);
});

it("refuses a name that there is not, with the nearest", async () => {
  const { exitCode, stderr } = await runMain(["checkers", "job-settled"]);
  expect([exitCode, stderr]).toEqual([64, expect.stringContaining("Did you mean `scenarios checkers jobs-settled`?")]);
});
