import * as z from "zod";

import { ResidueReport } from "./residue-report.ts";
import { stageNames } from "./stage-names.ts";

export const verdicts = ["pass", "fail", "unknown"] as const;
export type Verdict = (typeof verdicts)[number];

/** The worst wins: a fail outweighs an unknown, which outweighs a pass. */
export function worstVerdict(results: readonly Verdict[]): Verdict {
  if (results.includes("fail")) return "fail";
  return results.includes("unknown") ? "unknown" : "pass";
}

/** One thing that a scenario expects, judged. */
export const Expectation = z.strictObject({
  id: z.string(),
  title: z.string(),
  result: z.enum(verdicts),
  /** The figures that were seen, or the short story of what went wrong. */
  detail: z.string(),
  /** A violation as the events that matter, in order, one a line. */
  story: z.array(z.string()).optional(),
});
export type Expectation = z.infer<typeof Expectation>;

/** A share of the run's wall time. */
export const PhaseTime = z.strictObject({ phase: z.string(), ms: z.number().min(0) });
export type PhaseTime = z.infer<typeof PhaseTime>;

/** Something that the harness did and could not undo, with the command that finishes it. */
export const NotUndone = z.strictObject({ what: z.string(), why: z.string(), finishWith: z.string() });
export type NotUndone = z.infer<typeof NotUndone>;

/** What a run came to; `verdict.json` in its run directory. */
export const RunVerdict = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  scenario: z.string(),
  stage: z.enum(stageNames),
  seed: z.string(),
  startedAt: z.number(),
  endedAt: z.number(),
  user: z.string(),
  /** What the run was started with, defaults filled in. */
  options: z.record(z.string(), z.unknown()),
  /** Did agent, broker and jobs behave? */
  lifecycle: z.enum(verdicts),
  expectations: z.array(Expectation),
  /** What the agent that is tested lacks the means for, and why: neither held nor broken. */
  notApplicable: z.array(Expectation.pick({ id: true, title: true, detail: true })).optional(),
  /**
   * Did anything stay behind? Null when the run ended before both readings were taken, and on the stage `sim`, where
   * nothing of this host is touched and `withdraw-complete` judges the modelled ones.
   */
  residue: ResidueReport.nullable(),
  /** Did the harness undo all that it did? */
  cleanUp: z.strictObject({ result: z.enum(["pass", "fail"]), notUndone: z.array(NotUndone) }),
  interrupted: z.boolean(),
  /** An error that ended the run early, as a sentence. */
  error: z.string().nullable(),
  phases: z.array(PhaseTime),
  exitCode: z.int(),
  /** Of one that was run again because it did not pass: the names of its earlier attempts, in their order. */
  retryOf: z.array(z.string()).min(1).optional(),
  /** The command that runs the same again. */
  reproduce: z.string(),
  /** Of a run in virtual time: 16 hexadecimal digits over its history; the same seed gives the same again. */
  historyDigest: z.string().optional(),
  /** SHA-256, in hexadecimal, of history.jsonl as it was when the run was judged. Absent in older records. */
  historySha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type RunVerdict = z.infer<typeof RunVerdict>;
