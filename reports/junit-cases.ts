import type { ResidueReport } from "../protocol/residue-report.ts";
import { type RunVerdict, worstVerdict } from "../protocol/verdict.ts";
import { findingSentence, firstTrouble } from "./summary/trouble.ts";

/** Why a case is not green. A `fail` is a failure, an `unknown` an error. */
export interface JunitProblem {
  readonly kind: "failure" | "error";
  readonly type: string;
  readonly message: string;
  readonly details: string;
}

/** The cases of one run: each expectation, the residue of a real host, the clean-up, and the run itself where more is to be said. */
export function junitCases(verdict: RunVerdict): JunitCase[] {
  // In virtual time no host was read, and a case that cannot fail would say that one was.
  const residue = verdict.stage === "sim" ? [] : [residueCase(verdict.residue)];
  const lacking = (verdict.notApplicable ?? []).map(({ id, title, detail }) => ({
    ...{ name: `${id}: ${title}`, ms: 0, outcome: undefined, skipped: `not applicable: ${detail}` },
  }));
  const judged = [...expectationCases(verdict), ...lacking, ...residue, cleanUpCase(verdict)];
  return [...judged, ...runCase(verdict, judged)];
}

/** One judgement of a run, as a test case. */
export interface JunitCase {
  readonly name: string;
  readonly ms: number;
  /** Undefined when it passed. */
  readonly outcome: JunitProblem | undefined;
  /** What a passed case has to say. */
  readonly said?: string;
  /** Why it could not be judged at all, which is no outcome. */
  readonly skipped?: string;
}

function expectationCases({ expectations }: RunVerdict): JunitCase[] {
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

function residueCase(residue: ResidueReport | null): JunitCase {
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

function cleanUpCase({ cleanUp }: RunVerdict): JunitCase {
  const name = "clean-up: the harness undid all that it did";
  if (cleanUp.result === "pass") return { name, ms: 0, outcome: undefined };
  const told = cleanUp.notUndone.map(({ what, why, finishWith }) => `${what}: ${why}\n  finish with: ${finishWith}`);
  const message = `The harness could not undo ${cleanUp.notUndone.map(({ what }) => what).join(", ") || "all that it did"}.`;
  return { name, ms: 0, outcome: problem("fail", { type: "clean-up", message, details: told.join("\n") || message }) };
}

/** Says what no other case says: an early end, or a lifecycle or exit code worse than the cases. */
function runCase(verdict: RunVerdict, judged: readonly JunitCase[]): JunitCase[] {
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

function problem(result: "fail" | "unknown", about: Omit<JunitProblem, "kind">): JunitProblem {
  return { kind: result === "fail" ? "failure" : "error", ...about };
}
