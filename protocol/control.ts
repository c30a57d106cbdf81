import * as z from "zod";

import { agentStates } from "./agent-states.ts";
import { executionStates } from "./execution-states.ts";
import { AgentId, InstanceId, JobId, LeaseId, WallMs } from "./identifiers.ts";
import { LeaseStatus } from "./messages.ts";
import { WithdrawalReport } from "./withdrawal-report.ts";

/**
 * The control socket's language: a Unix stream socket named `control.sock` in the agent's home, mode 0600. A client
 * sends one JSON object and a newline; the agent answers one JSON object and a newline, and closes.
 */
export const controlSocketName = "control.sock";

/** Of a reason that an owner gives. */
export const reasonCharactersMax = 500;

export const ControlRequest = z.discriminatedUnion("command", [
  z.strictObject({ command: z.literal("status") }),
  z.strictObject({ command: z.literal("pause"), reason: z.string().max(reasonCharactersMax).optional() }),
  z.strictObject({ command: z.literal("resume"), reason: z.string().max(reasonCharactersMax).optional() }),
  z.strictObject({
    command: z.literal("withdraw"),
    reason: z.string().max(reasonCharactersMax).optional(),
    /** The whole withdrawal ends within this, whatever the broker does; L1. */
    deadlineMs: z.int().min(1).optional(),
  }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;

export const SandboxStatus = LeaseStatus.extend({
  /** The sandbox's own cgroup as an absolute path, or null where none is writable. */
  cgroup: z.string().nullable(),
  /** The pid of the job's first process, or null before it was spawned and after it ended. */
  pid: z.int().nullable(),
  workspace: z.string(),
});
export type SandboxStatus = z.infer<typeof SandboxStatus>;

/** An execution that is over on this host, and why. */
export const EndedExecution = z.strictObject({
  jobId: JobId,
  leaseId: LeaseId,
  execution: z.enum(executionStates),
  reason: z.string(),
});
export type EndedExecution = z.infer<typeof EndedExecution>;

export const AgentStatus = z.strictObject({
  agentId: AgentId.nullable(),
  instanceId: InstanceId,
  pid: z.int(),
  state: z.enum(agentStates),
  /** A pause that was asked for and has not taken effect yet. */
  pauseAsked: z.boolean(),
  reason: z.string(),
  /** By whose word it is paused, or is to be; `activity` ends by itself. */
  pausedBy: z.enum(["owner", "broker", "activity"]).nullable().optional(),
  /** What the owner does at the host, until it has been quiet; null while nothing is noticed. */
  activity: z
    .strictObject({
      what: z.string(),
      /** It is over then, unless more is noticed before. */
      quietAtMs: WallMs,
      /** The owner resumed meanwhile: nothing of it counts until then. */
      ignored: z.boolean(),
    })
    .nullable()
    .optional(),
  /** What of the triggers that were asked for cannot work on this host, as sentences for its owner. */
  activityCannot: z.array(z.string()).optional(),
  broker: z.string(),
  brokerReachable: z.boolean(),
  /** What the broker had against the last heartbeat or enrolment, where it answered with a no. */
  brokerRefusal: z.string().optional(),
  /** Why the broker could not be heard at the latest call. */
  brokerSilence: z.string().optional(),
  sandboxDriver: z.string(),
  /** What that driver cannot promise on this host, as sentences for its owner. */
  sandboxCannot: z.array(z.string()).optional(),
  slots: z.int(),
  sandboxes: z.array(SandboxStatus),
  /** The latest executions of this instance that are over, oldest first. */
  endedExecutions: z.array(EndedExecution).optional(),
  ledgerEntries: z.int(),
  /** Whether no new job is taken because the disk under the home has no room for one. */
  diskFull: z.boolean().optional(),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

/** What a pause measured: the donor has the CPU back after `freezeMs`. */
export const PauseResult = z.strictObject({
  /** From reading the request until every process of every sandbox was seen stopped, in milliseconds. */
  freezeMs: z.number().min(0),
  frozenSandboxes: z.int().min(0),
  checkpoints: z.int().min(0),
  /** From reading the request until every checkpoint was saved on this host. */
  snapshotMs: z.number().min(0),
  /** The jobs that stand still without a checkpoint, and why. */
  notSaved: z.array(z.strictObject({ jobId: JobId, reason: z.string() })).optional(),
  /** The agent was still enrolling: there was nothing to stop, and it is Paused as soon as it has enrolled. */
  remembered: z.boolean().optional(),
});
export type PauseResult = z.infer<typeof PauseResult>;

export const ControlResponse = z.discriminatedUnion("ok", [
  z.strictObject({
    ok: z.literal(true),
    status: AgentStatus.optional(),
    pause: PauseResult.optional(),
    resumeMs: z.number().min(0).optional(),
    report: WithdrawalReport.optional(),
  }),
  z.strictObject({ ok: z.literal(false), code: z.string(), message: z.string(), next: z.string() }),
]);
export type ControlResponse = z.infer<typeof ControlResponse>;
