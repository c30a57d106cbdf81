import fc from "fast-check";
import { expect, test } from "vitest";

import { type RunVerdict, verdicts } from "../protocol/verdict.ts";
import { createReporter } from "./create-reporter.ts";
import { junitAttempt, junitDocument, junitSkipped, junitSuite } from "./junit.ts";
import type { EndedRun } from "./reporter.ts";
import { junitProblems } from "./testing/junit-problems.ts";
import { memoryOutput } from "./testing/memory-output.ts";
import { type ParsedElement, parseXml } from "./testing/parse-xml.ts";
import { lostResidue, partialResidue, plantedResidue } from "./testing/residue-fixtures.ts";
import { runFixtures } from "./testing/run-fixtures.ts";

test("a run that passed is a green case for each expectation, the residue and the clean-up", () => {
  const suite = suiteOf(runFixtures.passing());
  expect(suite.attributes).toMatchObject({
    ...{ name: "withdraw-under-load", tests: "10", failures: "0", errors: "0", skipped: "0", time: "7.018" },
    timestamp: "2026-01-31T10:15:00",
  });
  expect(casesOf(suite).map(outcomeOf)).toEqual(Array(10).fill("passed"));
  expect(propertiesOf(suite)).toMatchObject({ seed: "7e1d0c", "option.jobs": "24", "option.store": '"memory"' });
});

test("what does not apply to the agent is a skipped case, neither green nor red", () => {
  const run = runFixtures.passing();
  const lacking = { id: "fencing", title: "old epochs are refused", detail: "guest records none" };
  const suite = suiteOf({ ...run, verdict: { ...run.verdict, notApplicable: [lacking] } });
  expect(suite.attributes).toMatchObject({ tests: "11", failures: "0", errors: "0", skipped: "1" });
  const skipped = casesOf(suite).flatMap(({ attributes, children }) =>
    children.some(({ name }) => name === "skipped") ? [attributes["name"]] : [],
  );
  expect(skipped).toEqual(["fencing: old epochs are refused"]);
});

test("a broken expectation's story goes with it", () => {
  const run = runFixtures.failing();
  const story = ["+0 ms broker b1: offered jobId=job-1", "+1 ms broker b1: offered jobId=job-1"];
  const expectations = run.verdict.expectations.map((one) => (one.result === "fail" ? { ...one, story } : one));
  const text = JSON.stringify(suiteOf({ ...run, verdict: { ...run.verdict, expectations } }));
  for (const event of story) expect(text).toContain(event);
});

test("a run that failed names the broken expectation and every finding with its evidence", () => {
  const suite = suiteOf(runFixtures.failing());
  expect(suite.attributes).toMatchObject({ tests: "10", failures: "2", errors: "0" });
  const broken = casesOf(suite).filter((one) => outcomeOf(one) === "failure");
  expect(broken.map(({ attributes }) => attributes["name"])).toEqual([
    "I5: nothing of a sandbox runs between freeze and resume",
    "residue: the host is as it was found",
  ]);
  expect(broken[0]?.children[0]?.text).toContain("pid 5120 (sleep)");
  for (const { subject, location, attribution, show } of runFixtures.failing().verdict.residue?.findings ?? []) {
    for (const text of [subject, location, attribution.evidence[0]?.detail, show]) {
      expect(broken[1]?.children[0]?.text).toContain(text);
    }
  }
});

test("unknown is an error, not a failure and never green", () => {
  const suite = suiteOf(runFixtures.unknown());
  expect(suite.attributes).toMatchObject({ failures: "0", errors: "2" });
});

test("an interrupted run has a case that says so, and its residue is unknown", () => {
  const cases = casesOf(suiteOf(runFixtures.interrupted()));
  expect(cases.map(({ attributes }) => attributes["name"])).toContain("run: it came to its end");
  expect(cases.map(outcomeOf)).toEqual(["error", "passed", "error"]);
});

test("a run in virtual time has no case for a host that nobody read", () => {
  const suite = suiteOf(runFixtures.virtual());
  expect(suite.attributes).toMatchObject({ tests: "9", failures: "0", errors: "0" });
  expect(JSON.stringify(suite)).not.toContain("the host is as it was found");
});

test("what could not be undone comes with the command that finishes it", () => {
  const [broken] = casesOf(suiteOf(runFixtures.notUndone())).filter((one) => outcomeOf(one) === "failure");
  expect(broken?.children[0]?.text).toContain("finish with: npx scenarios heal");
});

test("a partial view is green for a developer and an error for a CI", () => {
  const green = suiteOf(runFixtures.unprivileged());
  expect(green.attributes).toMatchObject({ failures: "0", errors: "0" });
  expect(JSON.stringify(green)).toContain("212 folders may not be read");
  const run = runFixtures.unprivileged();
  const strict: RunVerdict = { ...run.verdict, residue: { ...partialResidue(), policy: "ci" }, exitCode: 2 };
  const broken = casesOf(suiteOf({ ...run, verdict: strict })).filter((one) => outcomeOf(one) === "error");
  expect(broken.map(({ attributes }) => attributes["name"])).toEqual(["residue: the host is as it was found"]);
});

test("lost evidence is told", () => {
  const run = { ...runFixtures.passing(), lostEvidence: ["The last line is torn."] };
  expect(junitDocument([junitSuite([junitAttempt(run)])])).toContain("The last line is torn.");
});

test.for(Object.entries(runFixtures))("readers of Jenkins and Surefire take it: %s", ([, make]) => {
  const again = junitSuite([junitAttempt(make()), junitAttempt(runFixtures.failing()), junitAttempt(make())], 2);
  const alone = junitSuite([junitAttempt({ ...make(), lostEvidence: ["torn"] })]);
  const skipped = { why: "No controller limits memory.", remedy: "Mount it." };
  const entry = { scenario: "soak", position: 0, repeat: 1, repeats: 2, seed: "s", attempts: [], skipped };
  const without = junitSkipped({ ...entry, outcome: "skipped" });
  expect(junitProblems(junitDocument([again, alone, without]))).toEqual([]);
});

test.for([
  ["<failure", '<failure line="3"', "<failure> has an attribute line"],
  ["<flakyFailure type=", "<flakyFailure group=", "<flakyFailure> has an attribute group"],
  ["<stackTrace>", "<system-err>x</system-err><stackTrace>", "<flakyFailure> holds its parts in another order"],
  ["</properties>", "</properties>text", "<testsuite> holds a text"],
  [/<testsuite name="[^"]*"/, "<testsuite", "<testsuite> has no name"],
  [/ tests="\d+"/, ' tests="many"', '<testsuites> has the tests "many"'],
] as const)("and would not take %s written otherwise", ([from, to, expected]) => {
  const failing = junitAttempt(runFixtures.failing());
  const document = junitDocument([junitSuite([failing, junitAttempt(runFixtures.passing())]), junitSuite([failing])]);
  expect(document.replace(from, to)).not.toBe(document);
  expect(junitProblems(document.replace(from, to))[0]).toContain(expected);
});

test("it is green as a whole exactly if the run ended with 0 and nothing speaks against it", () => {
  const residue = fc.constantFrom(null, plantedResidue(), lostResidue(), runFixtures.passing().verdict.residue);
  const any = fc.record({
    lifecycle: fc.constantFrom(...verdicts),
    residue,
    exitCode: fc.constantFrom(0, 1, 2, 3, 70, 130),
  });
  fc.assert(
    fc.property(any, fc.string({ unit: "binary" }), (over, detail) => {
      const run = runFixtures.passing();
      const expectations = run.verdict.expectations.map((one) => ({ ...one, detail }));
      const suite = suiteOf({ ...run, verdict: { ...run.verdict, expectations, ...over } });
      const green = over.exitCode === 0 && over.lifecycle === "pass" && over.residue?.verdict === "clean";
      const problems = Number(suite.attributes["failures"]) + Number(suite.attributes["errors"]);
      expect(problems === 0).toBe(green);
      const outcomes = casesOf(suite).map(outcomeOf);
      expect(outcomes.filter((outcome) => outcome !== "passed")).toHaveLength(problems);
      expect(outcomes).toHaveLength(Number(suite.attributes["tests"]));
    }),
    { numRuns: 60 },
  );
});

function suiteOf(run: EndedRun): ParsedElement {
  const output = memoryOutput();
  createReporter("junit", output).end(run);
  const root = parseXml(output.text());
  expect(root.name).toBe("testsuites");
  const [suite, ...others] = root.children;
  expect(others).toEqual([]);
  return suite as ParsedElement;
}

function casesOf(suite: ParsedElement): ParsedElement[] {
  return suite.children.filter(({ name }) => name === "testcase");
}

function outcomeOf({ children }: ParsedElement): string {
  return children.find(({ name }) => name === "failure" || name === "error")?.name ?? "passed";
}

function propertiesOf(suite: ParsedElement): Record<string, string> {
  const told = suite.children.find(({ name }) => name === "properties")?.children ?? [];
  return Object.fromEntries(told.map(({ attributes }) => [attributes["name"] ?? "", attributes["value"] ?? ""]));
}
