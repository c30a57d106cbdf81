import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import type { SuiteRecord } from "../../protocol/suite.ts";
import { catalog } from "../catalog/catalog.ts";
import { failedLast, readSuite } from "../suite/suite-file.ts";
import { runMain } from "../testing/run-main.ts";

const runOnSim = vi.hoisted(() => vi.fn<(request: { runs: string }) => Promise<never>>());
vi.mock("../run-on-sim.ts", () => ({ runOnSim }));

const [first, second] = catalog.map(({ name }) => name) as [string, string];

test("when its first run begins, it is written down that nothing ran yet, and what had failed before", async () => {
  const runs = mkdtempSync(join(tmpdir(), "run-command-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const older: SuiteRecord = {
    ...{ version: 1, stage: "sim", startedAt: 0, endedAt: 1, planned: 2, shard: null },
    entries: [first, second].map((scenario, position) => ({
      ...{ position, scenario, repeat: 1, repeats: 1, seed: "s", attempts: [{ run: "r", exitCode: 0, ms: 1 }] },
      outcome: scenario === first ? "passed" : "failed",
    })),
  };
  writeFileSync(join(runs, "suite.json"), JSON.stringify(older));
  const seen: SuiteRecord[] = [];
  // As if the command were killed there: no entry comes to an end.
  runOnSim.mockImplementation(async (request) => {
    seen.push(readSuite(request.runs));
    throw new Error("killed");
  });
  expect((await runMain(["run", first, second, "--stage", "sim", "--output", runs])).exitCode).toBe(70);
  expect(seen.map(({ entries }) => entries.map(({ outcome }) => outcome))).toEqual([["not-run", "not-run"]]);
  expect(failedLast(readSuite(runs))).toEqual(new Set([second]));
});

test("what ran is written down entry by entry, and nothing of it again and again", async () => {
  const runs = mkdtempSync(join(tmpdir(), "run-command-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const seen: { outcomes: string[]; file: number }[] = [];
  runOnSim.mockImplementation(async (request) => {
    const outcomes = readSuite(request.runs).entries.map(({ outcome }) => outcome);
    seen.push({ outcomes, file: statSync(join(request.runs, "suite.json")).ino });
    return { run: `r${seen.length}`, stage: "sim", exitCode: 0, startedAt: 0, endedAt: 1, interrupted: false } as never;
  });
  expect((await runMain(["run", first, "--repeat-each", "3", "--stage", "sim", "--output", runs])).exitCode).toBe(0);
  expect(seen.map(({ outcomes }) => outcomes.join(" "))).toEqual([
    "not-run not-run not-run",
    "passed not-run not-run",
    "passed passed not-run",
  ]);
  // One that is written anew is another file.
  expect(new Set(seen.map(({ file }) => file)).size).toBe(1);
  expect(readdirSync(runs)).toEqual(["suite.json"]);
  expect(readSuite(runs).entries.map(({ outcome }) => outcome)).toEqual(["passed", "passed", "passed"]);
});
