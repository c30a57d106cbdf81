import * as z from "zod";

import { agentStates } from "../protocol/agent-states.ts";
import { outcomes, Skipped } from "../protocol/suite.ts";
import { RunVerdict } from "../protocol/verdict.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import type { JsonReport } from "./json.ts";

/** The documents of `--reporter json`, as they are published in docs/schemas/. The page needs their types alone. */

const count = z.int().min(0);
const ms = z.number().min(0);

const Timeline = z.strictObject({
  instance: z.string(),
  spans: z.array(z.strictObject({ state: z.enum(agentStates), fromMs: z.number(), toMs: z.number() })),
  ending: z.enum(["withdrawn", "stopped", "open"]),
  states: z.array(z.strictObject({ state: z.enum(agentStates), ms: z.number(), times: count })),
});

const Latency = z.strictObject({
  id: z.string().describe("stable: freeze.witness, withdrawal.terminate"),
  title: z.string(),
  count: z.int().min(1),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});

const Jobs = z.strictObject({
  ...{ submitted: count, completed: count, failed: count, cancelled: count, waiting: count, leased: count },
  ...{ handedBack: count, handedBackWithCheckpoint: count, leasedAgain: count },
  ...{ checkpoints: count, checkpointBytes: count, checkpointsFailed: count },
  ...{ resultsVerified: count, resultsCorrect: count },
  refusals: z.array(z.strictObject({ code: z.string(), count: z.int().min(1) })),
});

const Figures = z.strictObject({
  timelines: z.array(Timeline),
  latencies: z.array(Latency),
  frozen: z.strictObject({ watched: count, forMs: z.number(), cpuUsedUs: z.number(), runningMax: count }).nullable(),
  jobs: Jobs,
  withdrawals: z.array(WithdrawalReport),
});

const whichRepeat = { position: count, repeat: z.int().min(1), repeats: z.int().min(1) };

const Report = z.strictObject({
  version: z.literal(1),
  verdict: RunVerdict.describe("as in verdict.json, with the whole residue report"),
  figures: Figures.describe("derived from the history; durations in ms, fromMs and toMs since the run began"),
  overhead: z
    .strictObject({ stepsMs: ms, looksMs: ms, runnerMs: ms })
    .describe("where the wall time went: in steps, reading the host, and the runner itself"),
  lostEvidence: z.array(z.string()).describe("what of the history could not be read, one sentence each"),
  runDirectory: z.string(),
  place: z
    .strictObject({
      ...{ ...whichRepeat, entries: z.int().min(1), attempt: z.int().min(1), attemptsMax: z.int().min(1) },
      outcome: z.enum(outcomes).describe("what the entry has come to by this attempt"),
    })
    .exactOptional()
    .describe("only where a command has several runs or attempts, each a line of its own: which one this is"),
}) satisfies z.ZodType<JsonReport>;

/** Of several runs, one that this machine cannot run has a line as well. */
const SkippedLine = z.strictObject({
  version: z.literal(1),
  scenario: z.string(),
  skipped: Skipped,
  place: z.strictObject(whichRepeat),
});

export const JsonReportShape = z.union([Report, SkippedLine]);
