import type { RunVerdict } from "../protocol/verdict.ts";
import { missingRecords } from "./figures/lost-evidence.ts";
import { type JunitCase, junitCases, type JunitProblem } from "./junit-cases.ts";
import type { EndedRun, Reporter, ReporterOutput } from "./reporter.ts";
import type { SkippedEntry } from "./suite/skipped-entry.ts";
import { isoTime } from "./text/wall-clock.ts";
import { xmlDocument, type XmlElement } from "./xml.ts";

/** ISO 8601 without fraction and zone, as the JUnit schema wants it. */
const isoSecondsLength = "2026-01-01T00:00:00".length;

/** What is kept of a run until its document is written. */
export interface JunitAttempt {
  readonly verdict: RunVerdict;
  readonly runDirectory: string;
  readonly cases: readonly JunitCase[];
  readonly lost: readonly string[];
}

/** One entry of a command, and what it adds to the counts of its document. */
export interface JunitSuite {
  readonly element: XmlElement;
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped?: number;
  readonly ms: number;
}

/**
 * For CI systems: one test suite a run, with a test case for each expectation, the residue (of a real host), the
 * harness's clean-up, and, where that leaves something unsaid, the run itself. A `fail` is a failure, an `unknown` an
 * error. A run that did not end with 0 is never all green.
 */
export function junitReporter(output: ReporterOutput): Reporter {
  return {
    record: () => undefined,
    end: (run) => output.write(junitDocument([junitSuite([junitAttempt(run)])])),
    close: () => undefined,
  };
}

/** All the runs of one command in one document, as readers of JUnit want it. */
export function junitDocument(suites: readonly JunitSuite[]): string {
  // Of the whole document, the readers' schema counts no skipped cases.
  const { skipped: _, ...counts } = countsOf(suites);
  const attributes = { name: "houseguest", ...counts };
  return xmlDocument({ name: "testsuites", attributes, children: suites.map(({ element }) => element) });
}

export function junitAttempt({ verdict, history, runDirectory, lostEvidence = [] }: EndedRun): JunitAttempt {
  return { verdict, runDirectory, cases: junitCases(verdict), lost: [...lostEvidence, ...missingRecords(history)] };
}

/**
 * The last attempt's cases. What went wrong in an earlier one stands in the case of the same name, as `flakyFailure` or
 * `flakyError` if that is green now and as `rerunFailure` or `rerunError` if not: the elements of Maven Surefire and of
 * Jenkins (junit-10.xsd), which count neither as a failure.
 *
 * @param attempts in their order, at least one
 * @param repeat which repeat it is, from 1; undefined where nothing is repeated
 */
export function junitSuite(attempts: readonly JunitAttempt[], repeat?: number): JunitSuite {
  const last = attempts.at(-1) as JunitAttempt;
  const earlier = attempts.slice(0, -1);
  const { verdict, runDirectory, lost } = last;
  const cases = withVanished(last.cases, earlier);
  const counts = {
    tests: cases.length,
    failures: cases.filter(({ outcome }) => outcome?.kind === "failure").length,
    errors: cases.filter(({ outcome }) => outcome?.kind === "error").length,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    ms: attempts.reduce((sum, { verdict: { startedAt, endedAt } }) => sum + Math.max(0, endedAt - startedAt), 0),
  };
  const timestamp = isoTime(attempts[0]?.verdict.startedAt ?? verdict.startedAt).slice(0, isoSecondsLength);
  const name = repeat === undefined ? verdict.scenario : `${verdict.scenario} #${repeat}`;
  const classname = `houseguest.${verdict.scenario}${repeat === undefined ? "" : `.${repeat}`}`;
  const element: XmlElement = {
    name: "testsuite",
    attributes: { name, ...countsOf([counts]), timestamp },
    children: [
      properties(verdict, { runDirectory, attempts: attempts.length }),
      ...cases.map((one) => testCase(classname, one, troubleBefore(earlier, one.name))),
      ...(lost.length === 0 ? [] : [{ name: "system-err", children: [`Lost evidence:\n${lost.join("\n")}`] }]),
    ],
  };
  return { element, ...counts };
}

/** One that this machine cannot run: a suite with a single case, which is skipped for that reason. */
export function junitSkipped({ scenario, repeat, repeats, skipped: { why, remedy } }: SkippedEntry): JunitSuite {
  const counts = { tests: 1, failures: 0, errors: 0, skipped: 1, ms: 0 };
  const message = `${why} ${remedy}`;
  const testcase: XmlElement = {
    name: "testcase",
    attributes: { classname: `houseguest.${scenario}`, name: "run", time: seconds(0) },
    children: [{ name: "skipped", attributes: { message } }],
  };
  const name = repeats > 1 ? `${scenario} #${repeat}` : scenario;
  return {
    element: { name: "testsuite", attributes: { name, ...countsOf([counts]) }, children: [testcase] },
    ...counts,
  };
}

/** A case that only an earlier attempt had (it ended early) is not forgotten because the last one went through. */
function withVanished(cases: readonly JunitCase[], earlier: readonly JunitAttempt[]): readonly JunitCase[] {
  const known = new Set(cases.map(({ name }) => name));
  const vanished = new Map<string, JunitCase>();
  for (const { name, outcome } of earlier.flatMap((attempt) => attempt.cases)) {
    if (!known.has(name) && outcome !== undefined) vanished.set(name, { name, ms: 0, outcome: undefined });
  }
  return [...cases, ...vanished.values()];
}

function troubleBefore(earlier: readonly JunitAttempt[], wanted: string): JunitProblem[] {
  return earlier.flatMap(({ cases }) =>
    cases.flatMap(({ name, outcome }) => (name === wanted && outcome !== undefined ? [outcome] : [])),
  );
}

function countsOf(suites: readonly Omit<JunitSuite, "element">[]): Record<string, string | number> {
  const sum = (of: "tests" | "failures" | "errors" | "skipped" | "ms") =>
    suites.reduce((total, suite) => total + (suite[of] ?? 0), 0);
  const counts = { tests: sum("tests"), failures: sum("failures"), errors: sum("errors"), skipped: sum("skipped") };
  return { ...counts, time: seconds(sum("ms")) };
}

function testCase(
  classname: string,
  { name, ms, outcome, said, skipped }: JunitCase,
  before: readonly JunitProblem[],
): XmlElement {
  const prefix = outcome === undefined ? "flaky" : "rerun";
  const children: XmlElement[] = [
    ...(skipped === undefined ? [] : [{ name: "skipped", attributes: { message: skipped } }]),
    ...(outcome === undefined ? [] : [problemElement(outcome)]),
    ...before.map((problem) => earlierElement(problem, prefix)),
    ...(outcome === undefined && said !== undefined && said !== "" ? [{ name: "system-out", children: [said] }] : []),
  ];
  return { name: "testcase", attributes: { classname, name, time: seconds(ms) }, children };
}

function problemElement({ kind, type, message, details }: JunitProblem): XmlElement {
  return { name: kind, attributes: { type, message }, children: [details || message] };
}

function earlierElement({ kind, type, message, details }: JunitProblem, prefix: "flaky" | "rerun"): XmlElement {
  return {
    name: `${prefix}${kind === "failure" ? "Failure" : "Error"}`,
    attributes: { type, message },
    children: [{ name: "stackTrace", children: [details || message] }],
  };
}

function properties(
  { run, seed, stage, user, options, exitCode, reproduce }: RunVerdict,
  { runDirectory, attempts }: { readonly runDirectory: string; readonly attempts: number },
): XmlElement {
  const drawn = Object.entries(options).map(([name, value]) => [`option.${name}`, JSON.stringify(value) ?? "none"]);
  const told = Object.entries({
    run,
    seed,
    stage,
    user,
    exitCode,
    ...(attempts > 1 ? { attempts, outcome: exitCode === 0 ? "flaky" : "failed" } : {}),
    reproduce,
    runDirectory,
    ...Object.fromEntries(drawn),
  });
  return {
    name: "properties",
    children: told.map(([name, value]) => ({ name: "property", attributes: { name, value: String(value) } })),
  };
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(3);
}
