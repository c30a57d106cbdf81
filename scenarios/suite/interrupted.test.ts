import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { SuiteRecord } from "../../protocol/suite.ts";

const launcher = resolve(import.meta.dirname, "../../bin/scenarios.mjs");
const repeats = 500;

test.each([
  ["one after the other", "1"],
  ["side by side", "2"],
])("Ctrl-C ends runs %s: what is under way is told as interrupted, and nothing more begins", async (_, workers) => {
  const runs = mkdtempSync(join(tmpdir(), "interrupted-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const args = ["run", "withdraw-twice", "--stage", "sim", "--repeat-each", String(repeats), "--workers", workers];
  const child = spawn(process.execPath, [launcher, ...args, "--reporter", "list", "--output", runs], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  child.stderr.resume();
  // The first line tells the first run, with which all is loaded.
  await once(child.stdout, "data");
  child.stdout.resume();
  child.kill("SIGINT");
  const [code] = (await closed) as [number | null];
  expect(code).toBe(130);
  const record = SuiteRecord.parse(JSON.parse(readFileSync(join(runs, "suite.json"), "utf8")));
  const outcomes = record.entries.map(({ outcome }) => outcome);
  expect(outcomes).toHaveLength(repeats);
  expect(outcomes).toContain("passed");
  // It may have come between two runs.
  expect(outcomes.filter((outcome) => !["passed", "interrupted", "not-run"].includes(outcome))).toEqual([]);
  expect(outcomes.at(-1)).toBe("not-run");
  expect(outcomes.filter((outcome) => outcome === "interrupted").length).toBeLessThanOrEqual(Number(workers));
});
