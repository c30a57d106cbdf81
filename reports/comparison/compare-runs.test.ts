import { describe, expect, it } from "vitest";

import type { Finding } from "../../protocol/residue-report.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import type { EndedRun } from "../reporter.ts";
import { finding, plantedResidue } from "../testing/residue-fixtures.ts";
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

  it("takes what is left again for the same, whatever its number and its run's directory", () => {
    const run = runFixtures.failing();
    const left = (pid: number, directory: string) => [
      finding({
        ...{ id: `processes:${pid}@9`, surface: "processes", subject: `process ${pid}: sleep 99` },
        location: `pid ${pid}, started at tick ${pid}99`,
      }),
      finding({ id: `files:${directory}`, location: `/srv/${directory}/job.log` }),
    ];
    const runOf = (name: string, findings: Finding[]) =>
      withVerdict(run, { run: name, residue: { ...plantedResidue(), findings } });
    const [one, other] = ["20260131T101500-one", "20260201T101500-other"];
    const a = runOf(one, left(51, one));
    expect(compareRuns(a, runOf(other, left(7_120, other)))).toMatchObject({ residueNew: [], worse: false });
    const more = runOf(other, [...left(1, other), ...left(2, other).slice(0, 1)]);
    expect(compareRuns(a, more)).toMatchObject({ residueNew: [expect.stringContaining("pid 2")], worse: true });
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
