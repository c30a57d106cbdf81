import * as z from "zod";

import { Digest } from "../../protocol/identifiers.ts";
import { residueVerdicts, SurfaceStatus } from "../../protocol/residue-report.ts";
import { verdicts } from "../../protocol/verdict.ts";
import { GateRow } from "../gate/policy.ts";
import { WaiverUse } from "../gate/waivers.ts";
import { Digests } from "./digests.ts";

/** What is signed of a release (in-toto Attestation Framework v1, https://github.com/in-toto/attestation/tree/main/spec). */

export const statementType = "https://in-toto.io/Statement/v1";
export const testResultType = "https://in-toto.io/attestation/test-result/v0.1";
/** Ours; docs/release-gate.md describes it. */
export const residueType = "urn:x-houseguest:residue:v0.1";

const Resource = z.strictObject({ name: z.string(), digest: Digests });
export type Resource = z.infer<typeof Resource>;

/** One file: what was tested. */
const Subject = z.tuple([Resource]);

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md */
export const TestResultStatement = z.strictObject({
  _type: z.literal(statementType),
  subject: Subject,
  predicateType: z.literal(testResultType),
  predicate: z.strictObject({
    result: z.enum(["PASSED", "FAILED"]),
    /** The policy, if there was one, and each file of each run as `RUN/PATH`. */
    configuration: z.array(Resource),
    /** A run that is good enough, by its name. */
    passedTests: z.array(z.string()),
    warnedTests: z.array(z.string()),
    failedTests: z.array(z.string()),
  }),
});
export type TestResultStatement = z.infer<typeof TestResultStatement>;

export const AttestedRun = z.strictObject({
  run: z.string(),
  scenario: z.string(),
  stage: z.string(),
  drivers: z.array(z.string()),
  seed: z.string(),
  /** ISO 8601, in UTC. */
  endedAt: z.iso.datetime(),
  /** Whether it is good enough. */
  counts: z.boolean(),
  /** Whether the run itself says that it tested the subject. */
  testedSubject: z.boolean(),
  /** Derived from the surfaces and findings; null where no host was read. */
  residue: z.enum(residueVerdicts).nullable(),
  findings: z.array(z.string()),
  surfaces: z.array(SurfaceStatus.pick({ surface: true, status: true })),
  /** Every file of the run's directory, by its path in there. */
  files: z.array(Resource),
});
export type AttestedRun = z.infer<typeof AttestedRun>;

export const ResidueStatement = z.strictObject({
  _type: z.literal(statementType),
  subject: Subject,
  predicateType: z.literal(residueType),
  predicate: z.strictObject({
    /** SHA-256 of the payload of the test-result statement that belongs to this one. */
    testResult: Digest,
    result: z.enum(verdicts),
    attestedAt: z.iso.datetime(),
    policy: Resource.nullable(),
    /** The gate's table. */
    rows: z.array(GateRow),
    waivers: z.array(WaiverUse),
    runs: z.array(AttestedRun).min(1),
  }),
});
export type ResidueStatement = z.infer<typeof ResidueStatement>;
