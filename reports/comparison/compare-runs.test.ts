import { describe, expect, it } from "vitest";

import type { RunVerdict } from "../../protocol/verdict.ts";
import type { EndedRun } from "../reporter.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { renderLines } from "../text/line.ts";
import { compareRuns } from "./compare-runs.ts";
import { comparisonLines } from "./comparison-lines.ts";

const withVerdict = (run: EndedRun, over: Partial<RunVerdict>): EndedRun => ({
  ...run,
  verdict: { ...run.verdict, ...over },
});

describe("compareRuns", () => {
  it("finds a run no worse than itself, and nothing different", () => {
    for (const run of [runFixtures.passing(), runFixtures.failing(), runFixtures.interrupted()]) {
      const { worse, judgements, unlike, residueNew, residueGone, figures } = compareRuns(run, run);
      expect({ worse, judgements, unlike, residueNew, residueGone }).toEqual({
        ...{ worse: false, judgements: [], unlike: [], residueNew: [], residueGone: [] },
      });
      for (const { a, b } of figures) expect(b).toBe(a);
    }
  });

  it("names what is judged worse and what was left behind, and is not worse the other way round", () => {
    const there = compareRuns(runFixtures.passing(), runFixtures.failing());
    expect(there.worse).toBe(true);
    expect(there.judgements).toEqual([
      { name: "lifecycle", a: "pass", b: "fail", worse: true },
      { name: "residue", a: "clean", b: "residue", worse: true },
      { name: "I5", a: "pass", b: "fail", worse: true },
    ]);
    expect(there.residueNew.length).toBe(runFixtures.failing().verdict.residue?.findings.length);
    const back = compareRuns(runFixtures.failing(), runFixtures.passing());
    expect([back.worse, back.residueGone]).toEqual([false, there.residueNew]);
  });

  it("takes for worse what was judged in A and not in B", () => {
    const run = runFixtures.passing();
    const fewer = withVerdict(run, { expectations: run.verdict.expectations.slice(1) });
    expect(compareRuns(run, fewer)).toMatchObject({ worse: true, judgements: [{ a: "pass", b: null }] });
    expect(compareRuns(fewer, run).worse).toBe(false);
  });

  it("says that two runs were not run alike", () => {
    const run = runFixtures.passing();
    const other = withVerdict(run, { options: { ...run.verdict.options, jobs: 99 }, scenario: "other" });
    expect(compareRuns(run, other).unlike.map(({ name }) => name)).toEqual(["scenario", "jobs"]);
  });

  it("fits 80 columns", () => {
    const lines = comparisonLines(compareRuns(runFixtures.passing(), runFixtures.rapid()));
    const text = renderLines(lines, { columns: 80, color: false });
    expect(text).toContain("freeze, seen from outside, p99");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).not.toContain("undefined");
  });
});
