import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { fileOutput } from "../file-output.ts";
import type { SuitePage } from "../page/page-data.ts";
import type { EndedRun, RunPlace } from "../reporter.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { htmlSeries } from "./html-series.ts";

let place = "";
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-html-series-"));
});
afterAll(() => {
  rmSync(place, { recursive: true });
});

const once: RunPlace = { position: 0, entries: 1, repeat: 1, repeats: 1, attempt: 1, attemptsMax: 1 };

function runIn(folder: string, name: string, run: EndedRun): EndedRun {
  return { ...run, verdict: { ...run.verdict, run: name }, runDirectory: join(place, folder, name) };
}

/** What a page is made of. */
function dataOf(path: string): unknown {
  const [, json] = /<script type="application\/json" id="data">(.*)<\/script>/.exec(readFileSync(path, "utf8")) ?? [];
  return JSON.parse(json ?? "null");
}

test("one run: a page beside its directory, whose files are attested", () => {
  const said: string[] = [];
  const series = htmlSeries({ file: undefined, say: (text) => said.push(text) });
  series.next(once).end(runIn("one", "20260131T101500-a", runFixtures.passing()));
  series.close(null);
  expect(readdirSync(join(place, "one"))).toEqual(["20260131T101500-a.html"]);
  expect(said.join("")).toBe(`HTML report  ${join(place, "one", "20260131T101500-a.html")}\n`);
  expect(series.unwritten()).toEqual([]);
});

test("several runs: an index with the way to each attempt, whole after each", () => {
  const path = join(place, "several.html");
  const output = fileOutput(path);
  const series = htmlSeries({ file: { path, output }, say: () => undefined });
  const next = (position: number, attempt: number) =>
    series.next({ ...once, position, attempt, entries: 2, attemptsMax: 2 });
  next(0, 1).end(runIn("runs", "r1", runFixtures.failing()));
  expect(dataOf(path)).toMatchObject({ tone: "bad", title: "1 failed, and it goes on" });
  next(0, 2).end(runIn("runs", "r2", runFixtures.passing()));
  next(1, 1).end(runIn("runs", "r 3#", runFixtures.passing()));
  series.close(null);
  expect(output.close()).toBe(null);
  const { rows, tone } = dataOf(path) as SuitePage;
  expect(tone).toBe("good");
  expect(rows.map(({ outcome, attempts }) => [outcome, attempts.map(({ href }) => href)])).toEqual([
    ["flaky", ["several-runs/r1.html", "several-runs/r2.html"]],
    ["passed", ["several-runs/r%203%23.html"]],
  ]);
  expect(rows[0]?.trouble).toContain("nothing of a sandbox runs between freeze and resume");
  expect(readdirSync(join(place, "several-runs")).toSorted()).toEqual(["r 3#.html", "r1.html", "r2.html"]);
});

test("a place that cannot be written to is told, and ends nothing", () => {
  const series = htmlSeries({ file: undefined, say: () => undefined });
  const run = runFixtures.passing();
  series.next(once).end({ ...run, runDirectory: "/proc/none/run" });
  series.close(null);
  expect(series.unwritten().map(({ message }) => message)).toEqual([
    expect.stringMatching(/^The HTML report \/proc\/none\/run\.html could not be written: E[A-Z]+\.$/) as string,
  ]);
});
