import * as z from "zod";

/** What the residue scanner says. */

/** Attributes of one fact, as a person would read them: numbers in their unit, times in ms since the epoch. */
export const FactAttributes = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
);
export type FactAttributes = z.infer<typeof FactAttributes>;

/** `shared`: the run's and somebody else's, both by evidence; it fails as the run's own does. */
export const attributionTargets = ["agent", "job", "shared", "harness", "background", "unknown"] as const;
export type AttributionTarget = (typeof attributionTargets)[number];

/** Kinds of evidence, strongest first. */
export const evidenceKinds = [
  "cgroup",
  "marker",
  "session",
  "parent",
  /** The kernel told the recorder, while it happened, which process did it, or which process started which. */
  "recorder",
  /** A scheduler or server did it at somebody's request. */
  "request",
  /** The process that has the file or the socket open. */
  "holder",
  /** A name of the run's stands in it. */
  "content",
  "owner",
  "path",
  "time",
] as const;

export const Evidence = z.strictObject({ kind: z.enum(evidenceKinds), detail: z.string() });
export type Evidence = z.infer<typeof Evidence>;

/** One difference between baseline and after. */
export const Finding = z.strictObject({
  /** Stable within a report: `files:/etc/passwd`. */
  id: z.string(),
  surface: z.string(),
  change: z.enum(["appeared", "vanished", "changed"]),
  /** What it is, in words: `file /etc/cron.d/x (0644 root, 12 bytes)`. */
  subject: z.string(),
  /** Where: a path, a pid with its start time, a socket address, a crontab line. */
  location: z.string(),
  /** Whose it is: a user's name, a process, or null where that means nothing. */
  owner: z.string().nullable(),
  before: FactAttributes.nullable(),
  after: FactAttributes.nullable(),
  /** The names of the attributes that differ, for `changed`. */
  changed: z.array(z.string()),
  attribution: z.strictObject({ to: z.enum(attributionTargets), evidence: z.array(Evidence) }),
  /** A command that shows it. */
  show: z.string(),
  /** The command that would remove it or put it back, which is never run by itself; null where none is certain. */
  remove: z.string().nullable().optional(),
});
export type Finding = z.infer<typeof Finding>;

/** What one collector could see, and what it cost. */
export const SurfaceStatus = z.strictObject({
  surface: z.string(),
  /** `partial`: some of it is not visible to this user; `failed`: evidence was lost. */
  status: z.enum(["done", "partial", "not-permitted", "failed"]),
  /** Why it is not `done`, in words; empty when it is. */
  detail: z.string(),
  factsBefore: z.int().min(0),
  factsAfter: z.int().min(0),
  durationMs: z.number().min(0),
});
export type SurfaceStatus = z.infer<typeof SurfaceStatus>;

/** What one source of the recorder took in, from before the baseline until after the last reading. */
export const RecorderStatus = z.strictObject({
  /** The kernel's file events, its process events, its system calls. */
  source: z.enum(["files", "processes", "calls"]),
  /** `lost`: events are missing, so that nothing is called clean; `off`: nobody wanted it. */
  status: z.enum(["done", "partial", "lost", "not-permitted", "off"]),
  /** Why it is not `done`, in words; empty when it is. */
  detail: z.string(),
  events: z.int().min(0),
});
export type RecorderStatus = z.infer<typeof RecorderStatus>;

/** Differences that a noise rule excused, by rule. */
export const Excused = z.strictObject({
  rule: z.string(),
  reason: z.string(),
  count: z.int().min(1),
  /** A few of them, as their locations. */
  examples: z.array(z.string()),
});
export type Excused = z.infer<typeof Excused>;

export const residueVerdicts = ["clean", "partial", "residue", "unknown"] as const;
export type ResidueVerdict = (typeof residueVerdicts)[number];
/** `developer` takes `partial` as a pass; `ci` and `strict` do not. */
export const residuePolicies = ["developer", "ci", "strict"] as const;
export type ResiduePolicy = (typeof residuePolicies)[number];

/** A finding that somebody took upon himself for a time, from a policy file. */
export const Waiver = z.strictObject({
  /** The id of a finding; in it `*` stands for anything but a slash, `**` for anything. */
  finding: z.string().min(1),
  reason: z.string().trim().min(10),
  /** The last day on which it holds, in UTC: `2026-12-31`. */
  expires: z.iso.date(),
});
export type Waiver = z.infer<typeof Waiver>;

/** What a waiver covered in this report. */
export const WaiverUse = z.strictObject({ ...Waiver.shape, findings: z.array(Finding) });
export type WaiverUse = z.infer<typeof WaiverUse>;

/** A file that the scanner itself planted in this very run, to prove that it would have found one, and whose. */
export const Canary = z.strictObject({
  /** As the watched command would have left it, or as somebody else would. */
  side: z.enum(["job", "foreign"]),
  path: z.string(),
  found: z.boolean(),
  /** Whose it was taken for; null where it was not found. */
  to: z.enum(attributionTargets).nullable(),
  /** Whether it was found and, where a recorder ran, taken for whose it is. */
  isRight: z.boolean(),
});
export type Canary = z.infer<typeof Canary>;

/** How long what daemons were told to do later was waited for, before the host was read again. */
export const Dwell = z.strictObject({ waitedMs: z.number().min(0), detail: z.string() });
export type Dwell = z.infer<typeof Dwell>;

export const ResidueReport = z.strictObject({
  version: z.literal(1),
  verdict: z.enum(residueVerdicts),
  policy: z.enum(residuePolicies),
  /** One sentence that says the verdict and why. */
  summary: z.string(),
  baselineAt: z.number(),
  afterAt: z.number(),
  /** How often the host was read after the run until two readings agreed. */
  readings: z.int().min(1),
  surfaces: z.array(SurfaceStatus),
  /**
   * Whether whose doing it was could be recorded; absent where nobody asked, as of two snapshots. A report without it is
   * of the same version: readers of version 1 that refuse unknown members do not read reports with it.
   */
  recorder: z.array(RecorderStatus).optional(),
  /** Absent where none were planted. */
  canaries: z.array(Canary).optional(),
  dwell: Dwell.optional(),
  /** Findings that count, worst first. */
  findings: z.array(Finding),
  excused: z.array(Excused),
  /** Every waiver of the policy file, with the findings that it covers and that therefore do not count. */
  waivers: z.array(WaiverUse).optional(),
});
export type ResidueReport = z.infer<typeof ResidueReport>;
