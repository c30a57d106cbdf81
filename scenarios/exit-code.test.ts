import { describe, expect, it } from "vitest";

import type { ResiduePolicy, ResidueReport, ResidueVerdict } from "../protocol/residue-report.ts";
import { exitCodeOf } from "./exit-code.ts";

const residue = (verdict: ResidueVerdict, policy: ResiduePolicy = "ci"): ResidueReport => ({
  version: 1,
  verdict,
  policy,
  summary: "",
  baselineAt: 0,
  afterAt: 0,
  readings: 1,
  surfaces: [],
  findings: [],
  excused: [],
});
const good: Parameters<typeof exitCodeOf>[0] = {
  lifecycle: "pass",
  stage: "host",
  residue: residue("clean"),
  cleanUp: { result: "pass", notUndone: [] },
  interrupted: false,
};

describe("exitCodeOf", () => {
  it.each([
    ["all is well", good, 0],
    ["residue", { ...good, residue: residue("residue") }, 1],
    ["a broken expectation", { ...good, lifecycle: "fail" as const }, 1],
    ["an undecided expectation", { ...good, lifecycle: "unknown" as const }, 2],
    ["lost evidence", { ...good, residue: residue("unknown") }, 2],
    ["no second look", { ...good, residue: null }, 2],
    ["no look at this host in virtual time", { ...good, stage: "sim" as const, residue: null }, 0],
    [
      "a broken expectation in virtual time",
      { ...good, stage: "sim" as const, residue: null, lifecycle: "fail" as const },
      1,
    ],
    ["a partial view for a developer", { ...good, residue: residue("partial", "developer") }, 0],
    ["a partial view in ci", { ...good, residue: residue("partial", "ci") }, 2],
    ["a partial view under strict", { ...good, residue: residue("partial", "strict") }, 2],
    ["an interruption", { ...good, interrupted: true, residue: null }, 130],
    ["something not undone", { ...good, cleanUp: { result: "fail" as const, notUndone: [] } }, 3],
    [
      "a broken expectation beside lost evidence",
      { ...good, lifecycle: "fail" as const, residue: residue("unknown") },
      1,
    ],
  ])("%s", (_, verdict, exitCode) => expect(exitCodeOf(verdict)).toBe(exitCode));
});
