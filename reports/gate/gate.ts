import * as z from "zod";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { WallMs } from "../../protocol/identifiers.ts";
import { type Verdict, verdicts, worstVerdict } from "../../protocol/verdict.ts";
import { Digests } from "../attestation/digests.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { counted } from "../text/duration.ts";
import { type Candidate, driversOf } from "./candidate.ts";
import { ageCheck } from "./checks/age.ts";
import { cleanUpCheck } from "./checks/clean-up.ts";
import { conductCheck } from "./checks/conduct.ts";
import { judgedAgainCheck } from "./checks/judged-again.ts";
import { sizeCheck } from "./checks/size.ts";
import { evidenceCheck } from "./checks/evidence.ts";
import { residueCheck } from "./checks/residue.ts";
import { surfacesCheck } from "./checks/surfaces.ts";
import { latencyLimits } from "./latency-limits.ts";
import { type GatePolicy, GateRow } from "./policy.ts";
import { type ArtifactFile, releasedArtifacts } from "./released-artifacts.ts";
import { requiredScenarios } from "./required-scenarios.ts";
import { type RunCheck, type RunCheckContext, touchedHost } from "./run-check.ts";
import type { ScenarioJudge } from "./scenario-judge.ts";
import { Waivers, WaiverUse } from "./waivers.ts";

/** What a gate came to; `reports gate --json`. */
export const GateReport = z.strictObject({
  version: z.literal(1),
  /** Any fail fails; without one, what could not be told makes it unknown. Both block. */
  result: z.enum(verdicts),
  exitCode: z.int(),
  judgedAt: WallMs,
  policy: z.strictObject({ path: z.string(), digest: Digests }).nullable(),
  rows: z.array(GateRow),
  waivers: z.array(WaiverUse),
  runs: z.array(
    z.strictObject({
      run: z.string(),
      scenario: z.string(),
      stage: z.string(),
      drivers: z.array(z.string()),
      seed: z.string(),
      counts: z.boolean(),
    }),
  ),
});
export type GateReport = z.infer<typeof GateReport>;

/** In the order of the table; the order in which somebody would ask. */
const runChecks: readonly RunCheck[] = [
  evidenceCheck,
  conductCheck,
  cleanUpCheck,
  residueCheck,
  surfacesCheck,
  ageCheck,
];

export interface GateQuestion {
  readonly policy: GatePolicy;
  /** Where the policy came from; null where there is no file. */
  readonly source: GateReport["policy"];
  /** No two of them the same. */
  readonly runs: readonly StoredRun[];
  readonly artifacts: readonly ArtifactFile[];
  readonly nowMs: number;
  /** Who knows the scenarios; without anybody, what the run was judged when it ran is what counts. */
  readonly judge?: ScenarioJudge | undefined;
}

/** Judges runs by a policy. Every run that is given must be good enough, also one that the policy does not ask for. */
export function judgeGate({ policy, source, runs, artifacts, nowMs, judge }: GateQuestion): GateReport {
  const waivers = new Waivers(policy.waivers, nowMs);
  const context = { policy, waivers, nowMs };
  const checks = runChecks.flatMap((check) =>
    check === conductCheck && judge !== undefined ? [check, judgedAgainCheck(judge), sizeCheck(judge)] : [check],
  );
  const judged = runs.map((run) => ({ run, verdicts: judgedByAll(run, checks, context) }));
  const candidates = judged.map(({ run, verdicts }): Candidate => {
    return { run, drivers: driversOf(run), objections: verdicts.flatMap(({ objections }) => objections) };
  });
  const rows = [
    ...requiredScenarios(policy.scenarios, candidates),
    ...checks.flatMap((check) => rowsOf(check, judged)),
    ...(policy.scenarios.length > 0 || runs.some(touchedHost) ? [] : [noHostRead]),
    ...latencyLimits(policy.latencies, candidates),
    ...releasedArtifacts(policy.artifacts, artifacts, runs),
  ];
  const result = runs.length === 0 ? "unknown" : worstVerdict(rows.map(({ result }) => result));
  return {
    version: 1,
    ...{ result, exitCode: exitCodes[result], judgedAt: nowMs, policy: source, rows, waivers: waivers.uses() },
    runs: candidates.map(({ run: { verdict }, drivers, objections }) => ({
      ...{ run: verdict.run, scenario: verdict.scenario, stage: verdict.stage, drivers: [...drivers] },
      ...{ seed: verdict.seed, counts: objections.length === 0 },
    })),
  };
}

/** Where no policy says which runs there must be, modelled hosts alone do not make a release. */
const noHostRead: GateRow = {
  ...{ check: "residue", subject: "nothing was left on the host", result: "unknown", run: null },
  detail: "no run read a host",
};

const exitCodes: Record<Verdict, ExitCode> = { pass: ExitCode.pass, fail: ExitCode.fail, unknown: ExitCode.unknown };

interface JudgedRun {
  readonly run: StoredRun;
  readonly verdicts: readonly { readonly check: RunCheck; readonly objections: Candidate["objections"] }[];
}

function judgedByAll(run: StoredRun, checks: readonly RunCheck[], context: RunCheckContext): JudgedRun["verdicts"] {
  return checks
    .filter(({ concerns }) => concerns?.(run) !== false)
    .map((check) => ({ check, objections: check.judge(run, context) }));
}

/** A row for each objection, and one for all runs that have none. */
function rowsOf(check: RunCheck, judged: readonly JudgedRun[]): GateRow[] {
  const concerned = judged.flatMap(({ run, verdicts }) =>
    verdicts.flatMap((one) => (one.check === check ? [{ run: run.verdict.run, objections: one.objections }] : [])),
  );
  if (concerned.length === 0) return [];
  const good = concerned.filter(({ objections }) => objections.length === 0).length;
  const { check: name, subject } = check;
  return [
    ...concerned.flatMap(({ run, objections }) =>
      objections.map(({ result, detail }): GateRow => ({ check: name, subject: run, result, detail, run })),
    ),
    ...(good === 0
      ? []
      : [
          {
            check: name,
            subject,
            result: "pass" as const,
            detail: `${good} of ${counted(concerned.length, "run")}`,
            run: null,
          },
        ]),
  ];
}
