import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { cooperationWaitMsMax } from "../../../protocol/cooperative-checkpoint.ts";
import { jobLimits } from "../../../protocol/exit-reason.ts";
import { Timing } from "../../../protocol/timing.ts";
import { SpawnBehaviour } from "./spawn-behaviour.ts";

const Ms = z.number().min(0);
/** Of virtual time; nobody waits for the end of more. */
const phaseMsMax = 31 * 24 * 3_600_000;
/** Which agent of the cast, counted from 0. */
const agent = z.int().min(0);

/**
 * What a job does, as a grammar. The defaults are a good job; each field that differs makes it worse. A hostile job is
 * one of these, never a program of ours.
 */
export const JobBehaviour = z.strictObject({
  /** Units of work; progress is reported in them. */
  units: z.int().min(1).default(10),
  unitMs: Ms.default(1_000),
  /** Further processes beside the first one. */
  children: z.int().min(0).max(64).default(0),
  exitCode: z.int().min(0).max(255).default(0),
  /** How its processes take SIGTERM; `unkillable` sleeps in the kernel and outlives even SIGKILL for a while. */
  onTerm: z.enum(["ends", "ignores", "unkillable"]).default("ends"),
  /** A grandchild in a session of its own, without the environment marker. */
  daemon: z.boolean().default(false),
  /** Spawning it fails on every host. */
  spawnFails: z.boolean().default(false),
  /** Ends after so many units, before its work is done. */
  diesAfterUnits: z.int().min(0).nullable().default(null),
  /** Brings the agent of its host down after so many units, wherever it runs (docs/cases.md, case 19). */
  killsAgentAfterUnits: z.int().min(0).nullable().default(null),
  /** What it took too much of, if that is why it ends then; null for a crash. */
  exceeds: z.enum(jobLimits).nullable().default(null),
  /**
   * Whether it cooperates with its checkpoints, and how: in time, too late, never, or not listening at all; `no` for a
   * job that does not say that it would.
   */
  cooperates: z.enum(["no", "inTime", "late", "never", "deaf"]).default("no"),
  /** How long it may be waited for, if it says that it cooperates. */
  cooperationWaitMs: z.int().min(1).max(cooperationWaitMsMax).default(500),
  /** What its directory holds, which is what a checkpoint takes its time for. */
  megabytes: z.number().min(0).default(1),
  /** Leaves things outside its directory that a clean-up must know of: a line in the crontab. */
  crontabLine: z.boolean().default(false),
});
export type JobBehaviour = z.infer<typeof JobBehaviour>;

/** How far a killed process got: so many effects more; at the last one before it, half-way through it, or after it. */
const kill = {
  afterEffects: z.int().min(0).max(1_000).default(0),
  edge: z.enum(["before", "torn", "after"]).default("after"),
};

/** How long a thing stays as the step made it; the liveness phase ends all that is still broken. */
const forMs = Ms;

export const PlanStep = z.discriminatedUnion("do", [
  // Work.
  z.strictObject({
    atMs: Ms,
    do: z.literal("submit"),
    jobs: z.int().min(1).max(10_000),
    behaviour: JobBehaviour,
    /** The usual one where it is left out. */
    priority: z.int().min(-limits.priorityMax).max(limits.priorityMax).optional(),
  }),
  z.strictObject({ atMs: Ms, do: z.literal("cancel"), job: z.int().min(0) }),
  // The owner of a host, and the operator of the broker.
  z.strictObject({ atMs: Ms, do: z.literal("pause"), agent }),
  z.strictObject({ atMs: Ms, do: z.literal("resume"), agent }),
  z.strictObject({ atMs: Ms, do: z.literal("withdraw"), agent, deadlineMs: Ms }),
  /** SIGTERM or SIGINT to the agent; it is started again after `downMs`. */
  z.strictObject({ atMs: Ms, do: z.literal("signal"), agent, name: z.enum(["SIGTERM", "SIGINT"]), downMs: Ms }),
  z.strictObject({ atMs: Ms, do: z.literal("command"), agent, command: z.enum(["pause", "resume", "goodbye"]) }),
  /** Its owner does something at a host: a file is touched, a program is busy. */
  z.strictObject({ atMs: Ms, do: z.literal("activity"), agent }),
  /** Somebody joins with a token that is not the broker's: it is never taken in, and leaves nothing behind, unless its owner paused it. */
  z.strictObject({ atMs: Ms, do: z.literal("stranger"), pauses: z.boolean().default(false) }),
  /** The operator has an agent started on the broker's host. */
  z.strictObject({ atMs: Ms, do: z.literal("spawn"), behaviour: SpawnBehaviour }),
  /** And ended: one of those that were asked for before, or all. */
  z.strictObject({
    atMs: Ms,
    do: z.literal("kill-spawned"),
    execution: z.int().min(0).nullable(),
    now: z.boolean().default(false),
  }),
  /** A hub sends the broker a command, or somebody does in its name. */
  z.strictObject({
    atMs: Ms,
    do: z.literal("command-spoke"),
    action: z.enum(["spawn", "status", "kill"]),
    behaviour: SpawnBehaviour,
    /** Which of the agents that it had started before. */
    execution: z.int().min(0).default(0),
    trouble: z.enum(["none", "replayed", "forged", "stale", "suspended", "overtaken"]).default("none"),
    /** So many answers are lost, and it tries again so long after each. */
    tries: z.int().min(0).max(5).default(0),
    againMs: Ms.default(500),
  }),
  /** The operator drains the broker, which lasts until its process ends: after `forMs`, to be up again `downMs` later. */
  z.strictObject({ atMs: Ms, do: z.literal("drain"), forMs, downMs: Ms }),
  // What breaks on a host.
  z.strictObject({ atMs: Ms, do: z.literal("kill-agent"), agent, downMs: Ms, ...kill }),
  /** SIGSTOP, or a machine that swaps: nothing is seen and nothing is sent for so long; jobs run on. */
  z.strictObject({ atMs: Ms, do: z.literal("stall-agent"), agent, forMs }),
  /** The power fails: every process ends, and what was not synced may be lost or torn. */
  z.strictObject({ atMs: Ms, do: z.literal("crash-host"), agent, downMs: Ms }),
  z.strictObject({ atMs: Ms, do: z.literal("fail-checkpoints"), agent, forMs }),
  z.strictObject({ atMs: Ms, do: z.literal("fail-spawns"), agent, forMs }),
  /** What its disk has of checkpoints is not what was written any more. */
  z.strictObject({ atMs: Ms, do: z.literal("rot-checkpoints"), agent }),
  /** The wall clock is set; what runs already goes by its own monotonic one. */
  z.strictObject({ atMs: Ms, do: z.literal("jump-clock"), agent: agent.nullable(), byMs: z.number() }),
  // What breaks between them.
  z.strictObject({
    atMs: Ms,
    do: z.literal("disturb-link"),
    agent,
    forMs,
    direction: z.enum(["both", "to-broker", "to-agent"]),
    how: z.enum(["cut", "reset", "lossy", "slow", "duplicating", "reordering"]),
    /** By how much a slow one is slower at the least, and by how much more at the most; up to 20 s where it is left out. */
    slowMs: z.strictObject({ min: Ms, jitter: Ms }).optional(),
  }),
  // What breaks at the broker.
  z.strictObject({ atMs: Ms, do: z.literal("kill-broker"), downMs: Ms, ...kill }),
  z.strictObject({ atMs: Ms, do: z.literal("stall-broker"), forMs }),
  /** No commit ends. The broker knows that its store is away (a server), or only waits for it (a disk). */
  z.strictObject({ atMs: Ms, do: z.literal("stall-store"), forMs, away: z.boolean().optional() }),
  /** The broker ends and comes back with a store that has forgotten its last writes, or everything. */
  z.strictObject({
    atMs: Ms,
    do: z.literal("lose-store"),
    downMs: Ms,
    writes: z.int().min(1).nullable(),
  }),
]);
export type PlanStep = z.infer<typeof PlanStep>;
export type PlanStepOf<Name extends PlanStep["do"]> = Extract<PlanStep, { do: Name }>;

/** What a run is made of before anything happens to it. */
export const PlanOptions = z.strictObject({
  agents: z.int().min(1).max(1_000_000),
  slots: z.int().min(1).max(limits.slotsMax),
  timing: Timing,
  /** The safety phase: anything may fail until then. */
  safetyMs: Ms.max(phaseMsMax),
  /** Then faults stop, and everything must come to its end within this time (L2, L3). */
  livenessMs: Ms.max(phaseMsMax),
  /** Agents join within this time. */
  joinWithinMs: Ms,
  /** The least and the most that a message takes on its way. */
  latencyMsMin: Ms,
  latencyMsMax: Ms,
  /** Wall clocks differ by up to so much, both ways. */
  clockSkewMs: Ms,
  /** For how long a host must be quiet until it is lent again; the agent's own default where it is not told. */
  quietMs: Ms.min(1).optional(),
  /** `bytes`: every message is encoded and parsed by its schema; `objects`: it is handed over. The history is the same. */
  encoding: z.enum(["objects", "bytes"]),
});
export type PlanOptions = z.infer<typeof PlanOptions>;

export const ChoiceRecord = z.strictObject({
  stream: z.string(),
  index: z.int().min(0),
  kind: z.string(),
  max: z.number().min(0),
  value: z.number().min(0),
});

/** Everything that determines a run. */
export const Plan = z.strictObject({
  version: z.literal(1),
  seed: z.string(),
  profile: z.string(),
  options: PlanOptions,
  /** In the order of their times. */
  steps: z.array(PlanStep),
  /** The small decisions (latencies, jitter): drawn from the seed, or benign but for these. */
  tape: z.union([z.literal("seeded"), z.array(ChoiceRecord)]),
  /** The violation that the plan shows, for whoever replays it. */
  shows: z.strictObject({ invariant: z.string(), story: z.array(z.string()) }).optional(),
});
export type Plan = z.infer<typeof Plan>;
