import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { RunVerdict } from "../protocol/verdict.ts";
import { readSuite } from "./suite/suite-file.ts";
import { runProgram } from "./testing/run-program.ts";

/** What a clean run comes to for this user: everything seen as root, only part of the host otherwise. */
const residueHere = process.getuid?.() === 0 ? "clean" : "partial";
const scenarios = ["withdraw-twice", "goodbye-shutdown"];

it("two runs at once do not blame each other: each passes, leaves the host as it was, and names the other", async () => {
  const runs = mkdtempSync(join(tmpdir(), "side-by-side-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const args = ["run", ...scenarios, "--workers", "2", "--reporter", "list", "--output", runs];
  const { exitCode, stdout, stderr } = await runProgram("scenarios", args);
  const verdicts = readSuite(runs).entries.map(({ attempts: [attempt] }) =>
    RunVerdict.parse(JSON.parse(readFileSync(join(runs, attempt?.run ?? "none", "verdict.json"), "utf8"))),
  );
  const told = verdicts.map(({ scenario, error, expectations, residue, cleanUp }) => ({
    ...{ scenario, error, residue: residue?.verdict, findings: residue?.findings, cleanUp: cleanUp.result },
    broken: expectations.filter(({ result }) => result !== "pass"),
  }));
  const good = { error: null, residue: residueHere, findings: [], cleanUp: "pass", broken: [] };
  expect(told).toEqual(scenarios.map((scenario) => ({ scenario, ...good })));
  expect(exitCode, stdout + stderr).toBe(0);
  const [one, other] = verdicts as [RunVerdict, RunVerdict];
  expect(Math.max(one.startedAt, other.startedAt)).toBeLessThan(Math.min(one.endedAt, other.endedAt));
  // Whoever looks again first finds the other one at work, or what it keeps.
  const named = verdicts.flatMap(({ run, residue }) =>
    (residue?.excused ?? []).flatMap(({ rule, examples }) =>
      rule === "other-run" ? examples.map((example) => ({ run, example })) : [],
    ),
  );
  expect(named.length).toBeGreaterThan(0);
  const nameOfOther = (run: string) => (run === one.run ? other.run : one.run);
  expect(named.filter(({ run, example }) => !example.includes(nameOfOther(run)))).toEqual([]);
});
