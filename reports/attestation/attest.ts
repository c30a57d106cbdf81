import { basename } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { derivedResidue } from "../gate/checks/derived-residue.ts";
import { allFindings } from "../gate/checks/residue.ts";
import { type GateReport, judgeGate } from "../gate/gate.ts";
import { type GatePolicy, noPolicy } from "../gate/policy.ts";
import { readCandidates } from "../gate/read-candidates.ts";
import type { ReadPolicy } from "../gate/read-policy.ts";
import { type ArtifactFile, testedBy } from "../gate/released-artifacts.ts";
import type { ScenarioJudge } from "../gate/scenario-judge.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { sealed } from "./bundle.ts";
import { digestsOf } from "./digests.ts";
import type { AttestationKey } from "./keys.ts";
import { differingFiles, runFiles } from "./run-files.ts";
import {
  type AttestedRun,
  type Resource,
  type ResidueStatement,
  residueType,
  statementType,
  type TestResultStatement,
  testResultType,
} from "./statements.ts";

export interface AttestRequest {
  readonly directories: readonly string[];
  /** Undefined where there is no policy file: then each run must have passed, and nothing more. */
  readonly policy: ReadPolicy | undefined;
  readonly artifact: ArtifactFile;
  readonly key: AttestationKey;
  readonly nowMs: number;
  /** As of the gate. */
  readonly judge?: ScenarioJudge | undefined;
  /** Lists a run's files, before it is read and after. */
  readonly filesOf?: (runDirectory: string) => Promise<readonly Resource[]>;
}

export interface Attestation {
  readonly report: GateReport;
  /** Two bundles, a line each: the test result, then the residue. */
  readonly text: string;
}

/**
 * Judges runs and signs what came of it, whatever that is: a statement that says FAILED is one too.
 *
 * @throws UsageError `run-changes` when a run is still being written
 */
export async function attest({
  directories,
  policy,
  artifact,
  key,
  nowMs,
  judge,
  filesOf = runFiles,
}: AttestRequest): Promise<Attestation> {
  const before = new Map<string, readonly Resource[]>();
  for (const directory of directories) before.set(directory, await filesOf(directory));
  const runs = readCandidates(directories, ".");
  for (const directory of directories) checkUnchanged(directory, before.get(directory) ?? [], await filesOf(directory));
  const rules = policy?.policy ?? noPolicy;
  const source = policy === undefined ? null : { path: basename(policy.path), digest: policy.digest };
  const report = judgeGate({ policy: rules, source, runs, artifacts: [artifact], nowMs, judge });
  const attested = runs.map((run) => attestedRun(run, { report, artifact, files: before.get(run.runDirectory) ?? [] }));
  const testResult = Buffer.from(JSON.stringify(testResultOf(report, attested, artifact)));
  const residue = residueOf(report, attested, artifact, digestsOf(testResult).sha256);
  const lines = [testResult, Buffer.from(JSON.stringify(residue))].map((payload) => `${sealed(payload, key)}\n`);
  return { report, text: lines.join("") };
}

/** The gate once more, as of the moment of an attestation; without a policy where none was attested. */
export function judgedAgain(
  { subject: [subject], predicate }: ResidueStatement,
  policy: GatePolicy | undefined,
  runs: readonly StoredRun[],
  judge?: ScenarioJudge,
): GateReport {
  const nowMs = Date.parse(predicate.attestedAt);
  return judgeGate({ policy: policy ?? noPolicy, source: null, runs, artifacts: [subject], nowMs, judge });
}

function attestedRun(
  run: StoredRun,
  { report, artifact, files }: { report: GateReport; artifact: ArtifactFile; files: readonly Resource[] },
): AttestedRun {
  const { residue, endedAt, ...verdict } = run.verdict;
  const judged = report.runs.find((one) => one.run === verdict.run);
  return {
    ...{ run: verdict.run, scenario: verdict.scenario, stage: verdict.stage },
    ...{ drivers: [...(judged?.drivers ?? [])], seed: verdict.seed, endedAt: new Date(endedAt).toISOString() },
    counts: judged?.counts === true,
    testedSubject: testedBy(run).includes(artifact.digest.sha256),
    residue: residue === null ? null : derivedResidue(residue),
    findings: residue === null ? [] : allFindings(residue).map(({ id }) => id),
    surfaces: (residue?.surfaces ?? []).map(({ surface, status }) => ({ surface, status })),
    files: [...files],
  };
}

function testResultOf(
  { result, policy }: GateReport,
  runs: readonly AttestedRun[],
  artifact: ArtifactFile,
): TestResultStatement {
  const named = (counts: boolean) => runs.filter((run) => run.counts === counts).map(({ run }) => run);
  return {
    _type: statementType,
    subject: [{ name: artifact.name, digest: artifact.digest }],
    predicateType: testResultType,
    predicate: {
      result: result === "pass" ? "PASSED" : "FAILED",
      configuration: [
        ...(policy === null ? [] : [{ name: policy.path, digest: policy.digest }]),
        ...runs.flatMap(({ run, files }) => files.map(({ name, digest }) => ({ name: `${run}/${name}`, digest }))),
      ],
      ...{ passedTests: named(true), warnedTests: [], failedTests: named(false) },
    },
  };
}

function residueOf(
  { result, policy, rows, waivers, judgedAt }: GateReport,
  runs: AttestedRun[],
  artifact: ArtifactFile,
  testResult: string,
): ResidueStatement {
  return {
    _type: statementType,
    subject: [{ name: artifact.name, digest: artifact.digest }],
    predicateType: residueType,
    predicate: {
      ...{ testResult, result, attestedAt: new Date(judgedAt).toISOString() },
      policy: policy === null ? null : { name: policy.path, digest: policy.digest },
      ...{ rows, waivers, runs },
    },
  };
}

function checkUnchanged(directory: string, before: readonly Resource[], after: readonly Resource[]): void {
  const [difference] = differingFiles(before, after);
  if (difference === undefined) return;
  throw new UsageError(`${directory} changed while it was read: ${difference}.`, {
    code: "run-changes",
    next: "Wait until the run has ended.",
  });
}
