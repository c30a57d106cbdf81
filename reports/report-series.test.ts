import { expect, test } from "vitest";

import { createReporter, type ReporterName } from "./create-reporter.ts";
import { reportSeries } from "./report-series.ts";
import type { EndedRun } from "./reporter.ts";
import { memoryOutput } from "./testing/memory-output.ts";
import { parseXml } from "./testing/parse-xml.ts";
import { runFixtures } from "./testing/run-fixtures.ts";

const runs = [runFixtures.passing(), runFixtures.failing(), runFixtures.unknown()];

test("several runs are one JUnit document, whole after each of them where it can be written anew", () => {
  const documents: string[] = [];
  const series = reportSeries("junit", { ...memoryOutput(), rewrite: (text) => documents.push(text) }, runs.length);
  for (const run of runs) series.next().end(run);
  series.close();
  expect(documents.map((text) => parseXml(text).children.length)).toEqual([1, 2, 3]);
  const root = parseXml(documents.at(-1) ?? "");
  expect(root.attributes).toEqual({
    ...{ name: "houseguest", tests: "30", failures: "2", errors: "2", skipped: "0" },
    time: sumOf(root.children.map(({ attributes }) => attributes["time"] ?? "")),
  });
});

test("several runs are one JUnit document at their end where nothing can be taken back", () => {
  const output = memoryOutput();
  const series = reportSeries("junit", output, runs.length);
  for (const run of runs.slice(0, 2)) series.next().end(run);
  expect(output.text()).toBe("");
  series.close();
  expect(parseXml(output.text()).children).toHaveLength(2);
});

test("of no run nothing is written", () => {
  const output = memoryOutput();
  const series = reportSeries("junit", output, 1);
  series.next().close();
  series.close();
  expect(output.text()).toBe("");
});

test("several runs are a line of JSON each, written as they end", () => {
  const output = memoryOutput();
  const series = reportSeries("json", output, runs.length);
  for (const [index, run] of runs.entries()) {
    series.next().end(run);
    const lines = output.text().split("\n");
    expect(lines).toHaveLength(index + 2);
    expect(JSON.parse(lines[index] ?? "")).toEqual(JSON.parse(alone("json", run)));
  }
});

test.for(["line", "json", "junit"] as const)("one run is told of as without a series: %s", (name) => {
  const output = memoryOutput();
  const series = reportSeries(name, output, 1);
  series.next().end(runFixtures.failing());
  series.close();
  expect(output.text()).toBe(alone(name, runFixtures.failing()));
});

function alone(name: ReporterName, run: EndedRun): string {
  const output = memoryOutput();
  createReporter(name, output).end(run);
  return output.text();
}

function sumOf(seconds: readonly string[]): string {
  return seconds.reduce((sum, one) => sum + Number(one), 0).toFixed(3);
}
