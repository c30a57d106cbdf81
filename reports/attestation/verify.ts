import type * as z from "zod";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { type Verdict, worstVerdict } from "../../protocol/verdict.ts";
import { readCandidates } from "../gate/read-candidates.ts";
import type { ReadPolicy } from "../gate/read-policy.ts";
import type { ScenarioJudge } from "../gate/scenario-judge.ts";
import type { ArtifactFile } from "../gate/released-artifacts.ts";
import { counted } from "../text/duration.ts";
import { AttestationError } from "./attestation-error.ts";
import { judgedAgain } from "./attest.ts";
import { malformed, opened } from "./bundle.ts";
import { digestsOf } from "./digests.ts";
import type { AttestationKey } from "./keys.ts";
import { differingFiles, runFiles } from "./run-files.ts";
import { type AttestedRun, ResidueStatement, TestResultStatement } from "./statements.ts";

export interface VerifyRow {
  readonly check: "signature" | "artifact" | "policy" | "runs" | "judged" | "result";
  readonly subject: string;
  /** `skipped`: nothing was given to compare with. */
  readonly result: Verdict | "skipped";
  readonly detail: string;
}

export interface VerifyReport {
  readonly version: 1;
  readonly result: "pass" | "fail";
  readonly rows: readonly VerifyRow[];
  /** What the key's owner says; null where nobody can be held to it. */
  readonly statements: Statements | null;
}

export interface Statements {
  readonly testResult: TestResultStatement;
  readonly residue: ResidueStatement;
}

export interface VerifyRequest {
  readonly bundle: Buffer;
  readonly key: AttestationKey;
  readonly artifact: ArtifactFile | undefined;
  readonly policy: ReadPolicy | undefined;
  /** Directories of runs. */
  readonly directories: readonly string[];
  /** As of the gate. */
  readonly judge?: ScenarioJudge | undefined;
}

/**
 * Verifies what was attested, and compares it with what is here. What is not here is told as not compared. An attestation
 * that does not say that everything passed is no pass either.
 */
export async function verifyAttestation(request: VerifyRequest): Promise<VerifyReport> {
  let statements: Statements;
  try {
    statements = openStatements(request.bundle, request.key);
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    return { version: 1, result: "fail", rows: [signatureRow("fail", error.message)], statements: null };
  }
  const { subject, predicate } = statements.residue;
  const rows = [
    signatureRow("pass", `key ${request.key.id.slice(0, 16)}…, at ${predicate.attestedAt}`),
    artifactRow(subject[0], request.artifact),
    policyRow(predicate.policy, request.policy),
    ...(await runRows(predicate.runs, request.directories)),
  ];
  const judged = comparedAll(predicate, request) && rows.every(({ result }) => result !== "fail");
  rows.push(...(judged ? [judgedRow(statements.residue, request)] : []), resultRow(statements));
  const worst = worstVerdict(rows.map(({ result }) => (result === "skipped" ? "pass" : result)));
  return { version: 1, result: worst === "pass" ? "pass" : "fail", rows, statements };
}

/**
 * Both statements, proved to be the key's and to belong to each other.
 *
 * @throws AttestationError for anything that `attest` has not written so with this key
 */
export function openStatements(bundle: Buffer, key: AttestationKey): Statements {
  // What is no UTF-8 is no base64 either, and every line is compared with how it is written.
  const [, first, second] = /^([^\n]+)\n([^\n]+)\n$/.exec(bundle.toString("utf8")) ?? [];
  if (first === undefined || second === undefined) throw malformed("it has two lines, each with its end");
  const testResultBytes = opened(first, key);
  const testResult = statementOf(TestResultStatement, testResultBytes);
  const residue = statementOf(ResidueStatement, opened(second, key));
  const isSameSubject = JSON.stringify(testResult.subject) === JSON.stringify(residue.subject);
  if (residue.predicate.testResult === digestsOf(testResultBytes).sha256 && isSameSubject)
    return { testResult, residue };
  throw new AttestationError("Its two statements are of different attestations.", {
    code: "mixed",
    next: "Get it again from whoever released it.",
  });
}

function statementOf<T extends z.ZodType>(schema: T, payload: Buffer): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    throw malformed("a statement in it is not JSON");
  }
  const statement = schema.safeParse(value);
  if (statement.success) return statement.data;
  const [issue] = statement.error.issues;
  throw malformed(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "something"}`);
}

function signatureRow(result: Verdict, detail: string): VerifyRow {
  return { check: "signature", subject: "both statements are the key's", result, detail };
}

function artifactRow(attested: ArtifactFile, given: ArtifactFile | undefined): VerifyRow {
  const row = (result: VerifyRow["result"], detail: string): VerifyRow => {
    return { check: "artifact", subject: attested.name, result, detail };
  };
  if (given === undefined) return row("skipped", "not compared: name it with --artifact FILE");
  if (given.digest.sha256 === attested.digest.sha256) return row("pass", `sha256 ${given.digest.sha256.slice(0, 16)}…`);
  return row("fail", `the sha256 of ${given.name} is ${given.digest.sha256}, attested is ${attested.digest.sha256}`);
}

function policyRow(
  attested: ResidueStatement["predicate"]["policy"],
  given: Pick<ReadPolicy, "digest" | "path"> | undefined,
): VerifyRow {
  const row = (result: VerifyRow["result"], detail: string): VerifyRow => {
    return { check: "policy", subject: attested?.name ?? "none was attested", result, detail };
  };
  if (given === undefined) return row("skipped", attested === null ? "" : "not compared: name it with --policy FILE");
  if (attested === null) return row("fail", `no policy was asked, and not ${given.path} either`);
  if (attested.digest.sha256 === given.digest.sha256) return row("pass", `sha256 ${given.digest.sha256.slice(0, 16)}…`);
  return row("fail", `${given.path} is not what the runs were judged by`);
}

async function runRows(attested: readonly AttestedRun[], directories: readonly string[]): Promise<VerifyRow[]> {
  const row = (subject: string, result: VerifyRow["result"], detail: string): VerifyRow => {
    return { check: "runs", subject, result, detail };
  };
  const compared = new Set<string>();
  const rows: VerifyRow[] = [];
  for (const directory of directories) {
    const { run, differences } = await nearestRun(attested, directory);
    compared.add(run.run);
    const files = counted(run.files.length, "file");
    rows.push(
      differences.length === 0
        ? row(run.run, "pass", `${files} as attested`)
        : row(run.run, "fail", `${directory}: ${listed(differences)}`),
    );
  }
  const others = attested.filter(({ run }) => !compared.has(run));
  if (others.length === 0) return rows;
  return [...rows, row(counted(others.length, "run"), "skipped", "not compared: name their directories")];
}

/** The attested run that a directory has most in common with. A run that was renamed is known by its files. */
async function nearestRun(attested: readonly AttestedRun[], directory: string) {
  const found = await runFiles(directory);
  const [best] = attested
    .map((run) => ({ run, differences: differingFiles(run.files, found) }))
    .toSorted((one, other) => one.differences.length - other.differences.length);
  if (best !== undefined) return best;
  throw new UsageError("Nothing was attested of any run.", { code: "no-runs", next: "Name no runs." });
}

function listed(differences: readonly string[]): string {
  const shown = differences.slice(0, 3).join(", ");
  return differences.length > 3 ? `${shown} and ${differences.length - 3} more` : shown;
}

function comparedAll({ policy, runs }: ResidueStatement["predicate"], request: VerifyRequest): boolean {
  return runs.length === request.directories.length && (policy === null) === (request.policy === undefined);
}

/** Everything is here: then the gate is asked again, as of the moment of the attestation. */
function judgedRow(residue: ResidueStatement, { directories, policy, judge }: VerifyRequest): VerifyRow {
  const subject = "the same runs, judged again";
  const row = (result: Verdict, detail: string): VerifyRow => ({ check: "judged", subject, result, detail });
  try {
    const { result, runs } = judgedAgain(residue, policy?.policy, readCandidates(directories, "."), judge);
    const counted = (list: readonly { run: string; counts: boolean }[]) =>
      list
        .map(({ run, counts }) => `${run} ${counts}`)
        .toSorted()
        .join();
    const isSame = result === residue.predicate.result && counted(runs) === counted(residue.predicate.runs);
    return isSame
      ? row("pass", `${result}, as attested`)
      : row("fail", `${result}, attested is ${residue.predicate.result}`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return row("fail", messageOf(error));
  }
}

function resultRow({ testResult, residue }: Statements): VerifyRow {
  const said = testResult.predicate.result;
  const isPass = said === "PASSED" && residue.predicate.result === "pass";
  const runs = residue.predicate.runs.filter(({ counts }) => counts).length;
  return {
    check: "result",
    subject: `what was attested is ${said}`,
    result: isPass ? "pass" : "fail",
    detail: `${runs} of ${counted(residue.predicate.runs.length, "run")}`,
  };
}
