import { expect, test } from "vitest";

import { RunVerdict } from "../protocol/verdict.ts";
import { createReporter } from "./create-reporter.ts";
import type { JsonReport } from "./json.ts";
import { memoryOutput } from "./testing/memory-output.ts";
import { runFixtures } from "./testing/run-fixtures.ts";

test.for(Object.entries(runFixtures))("the document of a run: %s", ([, make]) => {
  const run = make();
  const output = memoryOutput();
  const reporter = createReporter("json", output);
  for (const record of run.history) reporter.record(record);
  expect(output.text()).toBe("");
  reporter.end(run);
  const report = JSON.parse(output.text()) as JsonReport;
  // The shape is a promise to programs: a key that goes or changes its name is a new version.
  expect(Object.keys(report)).toEqual(["version", "verdict", "figures", "overhead", "lostEvidence", "runDirectory"]);
  expect(Object.keys(report.figures)).toEqual(["timelines", "latencies", "frozen", "jobs", "withdrawals"]);
  expect(report.version).toBe(1);
  expect(RunVerdict.parse(report.verdict)).toEqual(run.verdict);
  expect(report.figures.timelines).toHaveLength(1);
  expect(report.lostEvidence).toEqual([]);
});

test("what was lost is in it, and so is what only the numbering shows", () => {
  const run = runFixtures.passing();
  const output = memoryOutput();
  const history = run.history.filter((_, index) => index !== 20);
  createReporter("json", output).end({ ...run, history, lostEvidence: ["torn"] });
  const { lostEvidence } = JSON.parse(output.text()) as JsonReport;
  expect(lostEvidence).toHaveLength(2);
  expect(lostEvidence[0]).toBe("torn");
});
