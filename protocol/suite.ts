import * as z from "zod";

import { ExitCode } from "../foundation/exit-codes.ts";
import { stageNames } from "./stage-names.ts";

/** What became of one entry of a suite, all its attempts taken together. */
export const outcomes = [
  "passed",
  /** It passed after an attempt that did not: neither a pass nor a fail. */
  "flaky",
  "failed",
  "unknown",
  "not-undone",
  "refused",
  "interrupted",
  "harness-bug",
  /** This machine cannot run it: neither a pass nor a fail, and counted as neither. */
  "skipped",
  /** The suite ended before its turn. */
  "not-run",
] as const;
export type Outcome = (typeof outcomes)[number];

/** One run of an entry. */
const SuiteAttempt = z.strictObject({
  /** The name of its run directory. */
  run: z.string(),
  exitCode: z.int(),
  /** Wall time in milliseconds. */
  ms: z.number().min(0),
});
export type SuiteAttempt = z.infer<typeof SuiteAttempt>;

/** Why this machine cannot run a scenario, and what would make it possible; sentences. */
export const Skipped = z.strictObject({ why: z.string(), remedy: z.string() });
export type Skipped = z.infer<typeof Skipped>;

/** One scenario that a command was to run, once for each repeat. */
export const SuiteEntry = z.strictObject({
  /** Its place in the whole suite, from 0, whatever shard it fell to. */
  position: z.int().min(0),
  scenario: z.string(),
  /** Which repeat it is, from 1. */
  repeat: z.int().min(1),
  repeats: z.int().min(1),
  seed: z.string(),
  outcome: z.enum(outcomes),
  attempts: z.array(SuiteAttempt),
  /** Of one that was not run: its scenario came to no good end before, which nothing has disproved since. */
  failedBefore: z.literal(true).optional(),
  /** Of one that this machine cannot run. */
  skipped: Skipped.optional(),
});
export type SuiteEntry = z.infer<typeof SuiteEntry>;

/** The runs of one command: `suite.json` beside their run directories. */
export const SuiteRecord = z.strictObject({
  version: z.literal(1),
  stage: z.enum(stageNames),
  startedAt: z.number(),
  endedAt: z.number(),
  /** How many entries the whole suite has, over all shards. */
  planned: z.int().min(0),
  /** 16 hexadecimal digits over all that is planned: shards of one suite have the same. Absent in older records. */
  plan: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** Null when the suite was not divided. */
  shard: z.strictObject({ index: z.int().min(1), total: z.int().min(1) }).nullable(),
  /** Scenarios that had come to no good end before, and that a command with `--last-failed` left out. */
  leftOut: z.array(z.string()).optional(),
  /** Those of this shard, in their order. */
  entries: z.array(SuiteEntry),
});
export type SuiteRecord = z.infer<typeof SuiteRecord>;

/** What attempts come to, by their exit codes, in the order in which they were made. */
export function outcomeOf(exitCodes: readonly number[]): Outcome {
  const last = exitCodes.at(-1);
  if (last === undefined) return "not-run";
  if (last === ExitCode.pass) return exitCodes.length > 1 ? "flaky" : "passed";
  return endings.get(last) ?? "harness-bug";
}

const endings = new Map<number, Outcome>([
  [ExitCode.fail, "failed"],
  [ExitCode.unknown, "unknown"],
  [ExitCode.notUndone, "not-undone"],
  [ExitCode.usage, "refused"],
  [ExitCode.interrupted, "interrupted"],
]);

/** Whether this is what was hoped for. A flaky entry is good enough, unless the user says otherwise. */
export function isGood(outcome: Outcome): boolean {
  return outcome === "passed" || outcome === "flaky";
}
