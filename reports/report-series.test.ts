import { expect, test } from "vitest";

import { outcomeOf, type SuiteRecord } from "../protocol/suite.ts";
import { createReporter } from "./create-reporter.ts";
import { reportSeries, type SeriesOutput } from "./report-series.ts";
import { type TextReporterName, textReporterNames } from "./reporter-names.ts";
import type { EndedRun, EndedSuite, RunPlace } from "./reporter.ts";
import { memoryOutput } from "./testing/memory-output.ts";
import { parseXml, type ParsedElement } from "./testing/parse-xml.ts";
import { runFixtures } from "./testing/run-fixtures.ts";

const runs = [runFixtures.passing(), runFixtures.failing(), runFixtures.unknown()];
const once = { entries: 1, position: 0, repeat: 1, repeats: 1, attempt: 1, attemptsMax: 1 };
const placeOf = (position: number, over: Partial<RunPlace> = {}): RunPlace => ({
  ...{ ...once, entries: runs.length, position },
  ...over,
});

/** Plays attempts of entries to a series and gives what it wrote. */
function told(
  name: TextReporterName,
  entries: readonly (readonly EndedRun[])[],
  {
    output = memoryOutput(),
    summary,
  }: { output?: ReturnType<typeof memoryOutput>; summary?: (text: string) => void } = {},
): string {
  const series = reportSeries(name, output, summary);
  for (const [position, attempts] of entries.entries()) {
    for (const [index, run] of attempts.entries()) {
      const place = { entries: entries.length, attempt: index + 1, attemptsMax: attempts.length };
      series.next(placeOf(position, place)).end(run);
    }
  }
  series.close(suiteOf(entries));
  return output.text();
}

function suiteOf(entries: readonly (readonly EndedRun[])[]): EndedSuite {
  const record: SuiteRecord = {
    ...{ version: 1, stage: "host", startedAt: 0, endedAt: 61_000, planned: entries.length, shard: null },
    entries: entries.map((attempts, position) => ({
      ...{ position, scenario: attempts[0]?.verdict.scenario ?? "", repeat: 1, repeats: 1, seed: "s" },
      outcome: outcomeOf(attempts.map(({ verdict }) => verdict.exitCode)),
      attempts: attempts.map(({ verdict }) => ({ run: verdict.run, exitCode: verdict.exitCode, ms: 1 })),
    })),
  };
  return { record, again: "npx scenarios run --last-failed" };
}

test("several runs are one JUnit document, whole after each of them where it can be written anew", () => {
  const documents: string[] = [];
  const output: SeriesOutput = { ...memoryOutput(), rewrite: (text) => documents.push(text) };
  const series = reportSeries("junit", output);
  for (const [position, run] of runs.entries()) series.next(placeOf(position)).end(run);
  series.close(null);
  expect(documents.map((text) => parseXml(text).children.length)).toEqual([1, 2, 3]);
  const root = parseXml(documents.at(-1) ?? "");
  expect(root.attributes).toEqual({
    ...{ name: "houseguest", tests: "30", failures: "2", errors: "2" },
    time: sumOf(root.children.map(({ attributes }) => attributes["time"] ?? "")),
  });
});

test("several runs are one JUnit document at their end where nothing can be taken back", () => {
  const output = memoryOutput();
  const series = reportSeries("junit", output);
  for (const [position, run] of runs.slice(0, 2).entries()) series.next(placeOf(position)).end(run);
  expect(output.text()).toBe("");
  series.close(null);
  expect(parseXml(output.text()).children).toHaveLength(2);
});

test("a document holds its runs in the suite's order, whichever ended first", () => {
  const output = memoryOutput();
  const series = reportSeries("junit", output);
  for (const position of [2, 0, 1]) {
    const [run] = runs.slice(position);
    const { verdict } = run as EndedRun;
    series.next(placeOf(position)).end({ ...(run as EndedRun), verdict: { ...verdict, scenario: `s-${position}` } });
  }
  series.close(null);
  expect(parseXml(output.text()).children.map(({ attributes }) => attributes["name"])).toEqual(["s-0", "s-1", "s-2"]);
});

test("of no run nothing is written", () => {
  const output = memoryOutput();
  const series = reportSeries("junit", output);
  series.next(placeOf(0)).close();
  series.close(null);
  expect(output.text()).toBe("");
});

test("several runs are a line of JSON each, written as they end, with what their entry has come to", () => {
  const output = memoryOutput();
  const series = reportSeries("json", output);
  for (const [index, run] of runs.entries()) {
    series.next(placeOf(index)).end(run);
    const lines = output.text().split("\n");
    expect(lines).toHaveLength(index + 2);
    const { place, ...document } = JSON.parse(lines[index] ?? "") as { place: Record<string, unknown> };
    expect(document).toEqual(JSON.parse(alone("json", run)));
    expect(place).toEqual({ ...placeOf(index), outcome: ["passed", "failed", "unknown"][index] });
  }
});

test.for(textReporterNames.filter((name) => name !== "github"))(
  "one run is told of as without a series: %s",
  (name) => {
    const output = memoryOutput();
    const series = reportSeries(name, output);
    series.next(once).end(runFixtures.failing());
    series.close(suiteOf([[runFixtures.failing()]]));
    expect(output.text()).toBe(alone(name, runFixtures.failing()));
  },
);

const flaky = [[runFixtures.failing(), runFixtures.passing()]];

test("a flaky run is marked in JUnit in the case that failed at first, and is no failure", () => {
  const [suite] = parseXml(told("junit", flaky)).children as [ParsedElement];
  expect(suite.attributes).toMatchObject({ tests: "10", failures: "0", errors: "0" });
  const marked = suite.children.filter(({ children }) => children.some(({ name }) => name === "flakyFailure"));
  expect(marked.map(({ attributes }) => attributes["name"])).toEqual([
    "I5: nothing of a sandbox runs between freeze and resume",
    "residue: the host is as it was found",
  ]);
  expect(marked[0]?.children[0]?.children[0]?.name).toBe("stackTrace");
  const properties = suite.children.find(({ name }) => name === "properties")?.children ?? [];
  expect(properties.map(({ attributes }) => attributes)).toContainEqual({ name: "outcome", value: "flaky" });
});

test("a run that failed again is a failure in JUnit once, and the earlier one a rerun", () => {
  const [suite] = parseXml(told("junit", [[runFixtures.failing(), runFixtures.failing()]])).children as [ParsedElement];
  expect(suite.attributes).toMatchObject({ failures: "2", errors: "0" });
  const names = suite.children.flatMap(({ children }) => children.map(({ name }) => name));
  expect(names.filter((name) => name === "rerunFailure")).toHaveLength(2);
  expect(names).not.toContain("flakyFailure");
});

test("an attempt that was broken off is not forgotten in JUnit by one that went through", () => {
  const text = told("junit", [[runFixtures.interrupted(), runFixtures.passing()]]);
  const [suite] = parseXml(text).children as [ParsedElement];
  const early = suite.children.find(({ attributes }) => attributes["name"] === "run: it came to its end");
  expect(early?.children.map(({ name }) => name)).toEqual(["flakyError"]);
});

test("flaky is an outcome of its own for people", () => {
  for (const name of ["line", "list"] as const) {
    const text = told(name, [...flaky, [runFixtures.passing()]]);
    expect(text).toContain("1 flaky, 1 passed of 2 runs in 1 min 01 s");
    expect(text).toMatch(/± flaky +withdraw-under-load +attempt 2/);
    expect(text).toContain("npx scenarios run --last-failed");
  }
});

test("flaky is an outcome of its own for programs", () => {
  const [, last = ""] = told("json", flaky).trim().split("\n");
  expect(JSON.parse(last)).toMatchObject({ place: { attempt: 2, outcome: "flaky" }, verdict: { exitCode: 0 } });
});

test("flaky is an outcome of its own in Markdown, with what was wrong at first", () => {
  const text = told("markdown", flaky);
  expect(text).toContain("## Houseguest: 1 flaky");
  expect(text).toMatch(/^\| ⚠️ flaky \| withdraw-under-load \(attempt 2\) /m);
  expect(text).toContain("2 of 12 processes ran on");
});

test("GitHub gets warnings of what was retried, errors of what stays, and the document as summary", () => {
  let summary = "";
  const text = told("github", [...flaky, [runFixtures.failing()]], { summary: (more) => (summary += more) });
  const lines = text.trim().split("\n");
  expect(
    lines.filter((line) => line.startsWith("::warning title=withdraw-under-load%3A failed::")).length,
  ).toBeGreaterThan(0);
  expect(lines).toContain("::warning title=withdraw-under-load%3A flaky (attempt 2)::It passed at attempt 2 only.");
  expect(
    lines.filter((line) => line.startsWith("::error title=withdraw-under-load%3A failed::")).length,
  ).toBeGreaterThan(0);
  expect(summary).toContain("## Houseguest: 1 failed, 1 flaky");
});

test("GitHub gets nothing of a run that passed but its line of the summary", () => {
  let summary = "";
  expect(told("github", [[runFixtures.passing()]], { summary: (more) => (summary += more) })).toBe("");
  expect(summary).toContain("| ✅ passed | withdraw-under-load | host | clean |");
});

function alone(name: TextReporterName, run: EndedRun): string {
  const output = memoryOutput();
  createReporter(name, output).end(run);
  return output.text();
}

function sumOf(seconds: readonly string[]): string {
  return seconds.reduce((sum, one) => sum + Number(one), 0).toFixed(3);
}

const skipped = { why: "No controller limits memory.", remedy: "Mount the memory controller." };

test.each(textReporterNames)("%s says of what this machine cannot run why, and calls it no pass", (name) => {
  const output = memoryOutput();
  const series = reportSeries(name, output, (text) => output.write(text));
  series.next(placeOf(0, { entries: 2 })).end(runFixtures.passing());
  const { record } = suiteOf([[runFixtures.passing()], []]);
  const entries = record.entries.map((entry, position) =>
    position === 0 ? entry : { ...entry, scenario: "out-of-memory-job", outcome: "skipped" as const, skipped },
  );
  series.close({ record: { ...record, entries }, again: null });
  const text = output.text();
  expect(text).toContain("out-of-memory-job");
  expect(text.replaceAll("\\", "")).toContain(skipped.why);
  expect(text.replaceAll("\\", "")).toContain(skipped.remedy);
  expect(text).not.toMatch(/2 passed|2 green/);
});

test("what this machine cannot run is a skipped case of a JUnit document", () => {
  const output = memoryOutput();
  const { record } = suiteOf([[]]);
  const entries = record.entries.map((entry) => ({ ...entry, outcome: "skipped" as const, skipped }));
  reportSeries("junit", output).close({ record: { ...record, entries }, again: null });
  const root = parseXml(output.text());
  expect(root.attributes).toMatchObject({ tests: "1", failures: "0", errors: "0" });
  expect(root.children[0]?.attributes).toMatchObject({ tests: "1", failures: "0", errors: "0", skipped: "1" });
  expect(root.children[0]?.children[0]?.children[0]).toMatchObject({
    name: "skipped",
    attributes: { message: `${skipped.why} ${skipped.remedy}` },
  });
});

test("the list follows runs that go on elsewhere where a terminal shows them, and asks for nothing in a pipe", () => {
  const place: RunPlace = { position: 0, entries: 2, repeat: 1, repeats: 1, attempt: 1, attemptsMax: 1 };
  const reporterOn = (live: boolean) => reportSeries("list", memoryOutput({ live })).next(place);
  expect(reporterOn(false).follow).toBeUndefined();
  expect(reporterOn(true).follow).toBeTypeOf("function");
});
