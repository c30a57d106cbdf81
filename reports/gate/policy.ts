import * as z from "zod";

import { verdicts } from "../../protocol/verdict.ts";
import { latencyIds } from "../figures/latencies.ts";

/** What a release is held to: the shape of a policy file (docs/release-gate.md), and its meaning. */

const hoursMax = 24 * 366;
const repeatsMax = 10_000;

const Stage = z.enum(["host", "netns", "sim"]);

const Knob = z.int().min(1);

export const RequiredScenario = z.strictObject({
  scenario: z.string().min(1).describe("its name in `scenarios list`"),
  stages: z.array(Stage).min(1).default(["host"]).describe("on each of these"),
  drivers: z
    .array(z.enum(["bubblewrap", "process"]))
    .min(1)
    .optional()
    .describe("and with each of these sandbox drivers, on the stages with real processes; any if left out"),
  atLeast: z
    .strictObject({ slots: Knob.optional(), jobs: Knob.optional(), cycles: Knob.optional() })
    .optional()
    .describe("how large each run must be; as the scenario itself is, if left out"),
  repeats: z.int().min(1).max(repeatsMax).default(1).describe("so many runs that pass, for each stage and driver"),
});
export type RequiredScenario = z.infer<typeof RequiredScenario>;

export const LatencyLimit = z
  .strictObject({
    latency: z.enum(latencyIds).describe("an id of figures.latencies in `reports show --format json`"),
    p50MsMax: z.number().positive().optional(),
    p99MsMax: z.number().positive().optional(),
    worstMsMax: z.number().positive().optional().describe("no single measurement above it"),
    samplesMin: z.int().min(1).default(1).describe("fewer measurements than these say nothing"),
  })
  .refine((limit) => limit.p50MsMax ?? limit.p99MsMax ?? limit.worstMsMax, {
    message: "it limits nothing: give p50MsMax, p99MsMax or worstMsMax",
  });
export type LatencyLimit = z.infer<typeof LatencyLimit>;

/** Somebody takes something upon himself, for a time. Longer than the one of `residue --policy-file`, which names nobody. */
export const GateWaiver = z
  .strictObject({
    finding: z
      .string()
      .regex(/^[a-z][a-z0-9-]*:./s, "a waiver begins with the surface that it is of, as files:/var/log/x")
      .optional()
      .describe("a finding's id; in it * is anything but a slash, ** anything"),
    surface: z.string().min(1).optional().describe("a surface that was not wholly seen, or recorder.SOURCE"),
    owner: z.string().trim().min(1, "a waiver needs somebody who answers for it").describe("who answers for it"),
    reason: z
      .string()
      .trim()
      .min(10, "a waiver needs a reason, in words that somebody else understands")
      .describe("why it does no harm, in words that somebody else understands"),
    expires: z.iso.date("a waiver needs its last day, as 2026-12-31").describe("its last day, in UTC"),
  })
  .refine(({ finding, surface }) => (finding === undefined) !== (surface === undefined), {
    message: "a waiver is of one finding or of one surface",
  });
export type GateWaiver = z.infer<typeof GateWaiver>;

export const ReleasedArtifact = z.strictObject({
  name: z.string().min(1).describe("the file's name, without folders"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 digest is 64 digits of 0-9 and a-f"),
});

export const GatePolicy = z.strictObject({
  version: z.literal(1),
  scenarios: z.array(RequiredScenario).min(1),
  surfaces: z
    .array(z.string().min(1))
    .min(1)
    .default(["files", "processes", "sockets", "crontabs"])
    .describe("must have been read, wholly, before and after each run of a stage with real processes"),
  recorder: z
    .enum(["required", "optional"])
    .default("required")
    .describe("whether the kernel must have been heard all the while about who does what"),
  waivers: z.array(GateWaiver).default([]),
  latencies: z.array(LatencyLimit).default([]),
  ageHoursMax: z.number().positive().max(hoursMax).default(24).describe("since a run ended"),
  artifacts: z.array(ReleasedArtifact).default([]).describe("the files to be released; no others"),
});
export type GatePolicy = z.infer<typeof GatePolicy>;

/** What is asked of runs where there is no policy file: that each of them passed, was wholly seen and left nothing. */
export const noPolicy: GatePolicy = { ...GatePolicy.omit({ scenarios: true }).parse({ version: 1 }), scenarios: [] };

export const gateChecks = [
  "scenario",
  "evidence",
  "conduct",
  "judged",
  "size",
  "clean-up",
  "residue",
  "surfaces",
  "age",
  "latency",
  "artifact",
] as const;
export type GateCheck = (typeof gateChecks)[number];

/** One line of the table. */
export const GateRow = z.strictObject({
  check: z.enum(gateChecks),
  /** What is demanded, or of which run. */
  subject: z.string(),
  result: z.enum(verdicts),
  /** What was seen, with figures. */
  detail: z.string(),
  /** The run that it is about, where it is about one. */
  run: z.string().nullable(),
});
export type GateRow = z.infer<typeof GateRow>;
