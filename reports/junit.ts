import type { ResidueReport } from "../protocol/residue-report.ts";
import { type RunVerdict, worstVerdict } from "../protocol/verdict.ts";
import { missingRecords } from "./figures/lost-evidence.ts";
import type { EndedRun, Reporter, ReporterOutput } from "./reporter.ts";
import { findingSentence, firstTrouble } from "./summary/trouble.ts";
import { isoTime } from "./text/wall-clock.ts";
import { xmlDocument, type XmlElement } from "./xml.ts";

/** ISO 8601 without fraction and zone, as the JUnit schema wants it. */
const isoSecondsLength = "2026-01-01T00:00:00".length;

/** One run, and what it adds to the counts of its document. */
export interface JunitSuite {
  readonly element: XmlElement;
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly ms: number;
}

/**
 * For CI systems: one test suite a run, with a test case for each expectation, the residue (of a real host), the harness's clean-up, and,
 * where that leaves something unsaid, the run itself. A `fail` is a failure, an `unknown` an error. A run that did not
 * end with 0 is never all green.
 */
export function junitReporter(output: ReporterOutput): Reporter {
  return {
    record: () => undefined,
    end: (run) => output.write(junitDocument([junitSuite(run)])),
    close: () => undefined,
  };
}

/** All the runs of one command in one document, as readers of JUnit want it. */
export function junitDocument(suites: readonly JunitSuite[]): string {
  const attributes = { name: "houseguest", ...countsOf(suites) };
  return xmlDocument({ name: "testsuites", attributes, children: suites.map(({ element }) => element) });
}

export function junitSuite({ verdict, history, runDirectory, lostEvidence = [] }: EndedRun): JunitSuite {
  const lost = [...lostEvidence, ...missingRecords(history)];
  // In virtual time no host was read, and a case that cannot fail would say that one was.
  const residue = verdict.stage === "sim" ? [] : [residueCase(verdict.residue)];
  const judged = [...expectationCases(verdict), ...residue, cleanUpCase(verdict)];
  const cases = [...judged, ...runCase(verdict, judged)];
  const counts = {
    tests: cases.length,
    failures: cases.filter(({ outcome }) => outcome?.name === "failure").length,
    errors: cases.filter(({ outcome }) => outcome?.name === "error").length,
    ms: Math.max(0, verdict.endedAt - verdict.startedAt),
  };
  const timestamp = isoTime(verdict.startedAt).slice(0, isoSecondsLength);
  const element: XmlElement = {
    name: "testsuite",
    attributes: { name: verdict.scenario, ...countsOf([counts]), timestamp },
    children: [
      properties(verdict, runDirectory),
      ...cases.map((judgement) => testCase(verdict.scenario, judgement)),
      ...(lost.length === 0 ? [] : [{ name: "system-err", children: [`Lost evidence:\n${lost.join("\n")}`] }]),
    ],
  };
  return { element, ...counts };
}

function countsOf(suites: readonly Omit<JunitSuite, "element">[]): Record<string, string | number> {
  const sum = (of: "tests" | "failures" | "errors" | "ms") => suites.reduce((total, suite) => total + suite[of], 0);
  return {
    ...{ tests: sum("tests"), failures: sum("failures"), errors: sum("errors"), skipped: 0, time: seconds(sum("ms")) },
  };
}

interface Judgement {
  readonly name: string;
  readonly ms: number;
  readonly outcome: XmlElement | undefined;
  /** What a passed case has to say. */
  readonly said?: string;
}

function expectationCases({ expectations }: RunVerdict): Judgement[] {
  return expectations.map(({ id, title, detail, result, story = [] }) => {
    const details = [detail, ...story].join("\n");
    return {
      name: `${id}: ${title}`,
      ms: 0,
      outcome: result === "pass" ? undefined : problem(result, { type: "expectation", message: title, details }),
      said: detail,
    };
  });
}

function residueCase(residue: ResidueReport | null): Judgement {
  const name = "residue: the host is as it was found";
  if (residue === null) {
    const message = "The host was not read again, so what stayed behind is unknown.";
    return { name, ms: 0, outcome: problem("unknown", { type: "residue", message, details: message }) };
  }
  const hidden = residue.surfaces.filter(({ status }) => status !== "done");
  const surfaces = hidden.map(({ surface, status, detail }) => `${surface}: ${status}, ${detail}`);
  const found = residue.findings.map(
    (finding) => `${findingSentence(finding)}\n  at ${finding.location}\n  $ ${finding.show}`,
  );
  const details = [residue.summary, ...found, ...surfaces].join("\n");
  const ms = residue.surfaces.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const about = { type: "residue", message: residue.summary, details };
  const tolerated = residue.verdict === "partial" && residue.policy === "developer";
  if (residue.verdict === "residue") return { name, ms, outcome: problem("fail", about) };
  if (residue.verdict === "clean" || tolerated) return { name, ms, outcome: undefined, said: details };
  return { name, ms, outcome: problem("unknown", about) };
}

function cleanUpCase({ cleanUp }: RunVerdict): Judgement {
  const name = "clean-up: the harness undid all that it did";
  if (cleanUp.result === "pass") return { name, ms: 0, outcome: undefined };
  const told = cleanUp.notUndone.map(({ what, why, finishWith }) => `${what}: ${why}\n  finish with: ${finishWith}`);
  const message = `The harness could not undo ${cleanUp.notUndone.map(({ what }) => what).join(", ") || "all that it did"}.`;
  return { name, ms: 0, outcome: problem("fail", { type: "clean-up", message, details: told.join("\n") || message }) };
}

/** Says what no other case says: an early end, or a lifecycle or exit code worse than the cases. */
function runCase(verdict: RunVerdict, judged: readonly Judgement[]): Judgement[] {
  const expected = worstVerdict(verdict.expectations.map(({ result }) => result));
  const early = verdict.interrupted || verdict.error !== null;
  const hidden = worstVerdict([expected, verdict.lifecycle]) !== expected;
  const allGreen = judged.every(({ outcome }) => outcome === undefined);
  if (!early && !hidden && (verdict.exitCode === 0 || !allGreen)) return [];
  const message = firstTrouble(verdict) ?? `The lifecycle's verdict is ${verdict.lifecycle}.`;
  const result = verdict.lifecycle === "fail" ? "fail" : "unknown";
  const name = "run: it came to its end";
  return [
    {
      name,
      ms: 0,
      outcome: problem(result, { type: "run", message, details: `${message}\nReproduce: ${verdict.reproduce}` }),
    },
  ];
}

function problem(result: "fail" | "unknown", about: { type: string; message: string; details: string }): XmlElement {
  const { type, message, details } = about;
  return {
    name: result === "fail" ? "failure" : "error",
    attributes: { type, message },
    children: [details || message],
  };
}

function testCase(scenario: string, { name, ms, outcome, said }: Judgement): XmlElement {
  const children: XmlElement[] = outcome === undefined ? [] : [outcome];
  if (outcome === undefined && said !== undefined && said !== "")
    children.push({ name: "system-out", children: [said] });
  return { name: "testcase", attributes: { classname: `houseguest.${scenario}`, name, time: seconds(ms) }, children };
}

function properties(
  { run, seed, stage, user, options, exitCode, reproduce }: RunVerdict,
  runDirectory: string,
): XmlElement {
  const drawn = Object.entries(options).map(([name, value]) => [`option.${name}`, JSON.stringify(value) ?? "none"]);
  const told = Object.entries({
    run,
    seed,
    stage,
    user,
    exitCode,
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
