import { expect, test } from "vitest";

import { reportSeries } from "./report-series.ts";
import type { EndedRun } from "./reporter.ts";
import { memoryOutput } from "./testing/memory-output.ts";
import { plantedResidue } from "./testing/residue-fixtures.ts";
import { runFixtures } from "./testing/run-fixtures.ts";
import { sarifProblems } from "./testing/sarif-problems.ts";

interface Log {
  readonly runs: readonly [
    {
      readonly invocations: readonly {
        readonly executionSuccessful: boolean;
        readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[];
      }[];
      readonly results: readonly {
        readonly provenance: { readonly invocationIndex: number };
        readonly partialFingerprints: Readonly<Record<string, string>>;
      }[];
    },
  ];
}

const entries = 2;
const place = { entries, position: 0, repeat: 1, repeats: 1, attempt: 1, attemptsMax: 2 };

/** The log of attempts of two entries, held against the schema. */
function logOf(...attempts: readonly (readonly EndedRun[])[]): Log["runs"][0] {
  const output = memoryOutput();
  const series = reportSeries("sarif", output);
  for (const [position, runs] of attempts.entries()) {
    for (const [index, run] of runs.entries()) series.next({ ...place, position, attempt: index + 1 }).end(run);
  }
  series.close(null);
  const log = JSON.parse(output.text()) as Log;
  expect(sarifProblems(log)).toEqual([]);
  return log.runs[0];
}

test.for(Object.entries(runFixtures))("is valid by the schema that OASIS publishes: %s", ([, make]) => {
  const run = make();
  const { results, invocations } = logOf([run]);
  expect(results).toHaveLength(run.verdict.residue?.findings.length ?? 0);
  expect(invocations).toHaveLength(1);
});

test("all runs of a command are one, whose results name the run that they are of", () => {
  const { results, invocations } = logOf([runFixtures.failing(), runFixtures.passing()], [runFixtures.failing()]);
  const { length } = plantedResidue().findings;
  expect(invocations.map(({ executionSuccessful }) => executionSuccessful)).toEqual([true, true, true]);
  expect(results.map(({ provenance }) => provenance.invocationIndex)).toEqual([
    ...Array(length).fill(0),
    ...Array(length).fill(2),
  ]);
});

test("a finding has the same fingerprint in every run that leaves it, and no two of one run have one", () => {
  const again = runFixtures.failing();
  const twice = { ...plantedResidue(), findings: plantedResidue().findings.flatMap((one) => [one, one]) };
  const fingerprints = (residue: EndedRun["verdict"]["residue"], run: string) =>
    logOf([{ ...again, verdict: { ...again.verdict, run, residue } }]).results.map(
      ({ partialFingerprints }) => partialFingerprints["finding/v1"],
    );
  const first = fingerprints(twice, "20260131T101500-one");
  expect(new Set(first).size).toBe(first.length);
  expect(fingerprints(twice, "20260201T000000-two")).toEqual(first);
});

test.for([
  ["interrupted", false, "The host was not read again"],
  ["unknown", false, "/var was unmounted between the readings"],
  ["virtual", true, "In virtual time no host is touched"],
  ["notUndone", true, "finish with npx scenarios heal"],
] as const)("says why nothing was found where that means nothing: %s", ([fixture, successful, words]) => {
  const [invocation] = logOf([runFixtures[fixture]()]).invocations;
  expect(invocation?.executionSuccessful).toBe(successful);
  expect(invocation?.toolExecutionNotifications.map(({ message }) => message.text).join("\n")).toContain(words);
});
