import * as z from "zod";

import { agentStates } from "./agent-states.ts";
import { executionStates } from "./execution-states.ts";
import { faultEnds } from "./faults.ts";
import { ConnectionId, connectionStates } from "./federation.ts";
import { AgentId, Epoch, ExecutionId, InstanceId, JobId, LeaseId, WallMs } from "./identifiers.ts";
import { jobStates } from "./job-states.ts";
import { CheckpointReference } from "./messages.ts";

const grant = { jobId: JobId, leaseId: LeaseId, epoch: Epoch, agentId: AgentId };

/** What a broker records of itself. */
export const brokerHistory = {
  "broker.started": z.object({ url: z.string(), store: z.string(), pid: z.int() }),
  "broker.enrolled": z.object({ agentId: AgentId, instanceId: InstanceId, again: z.boolean() }),
  "broker.heartbeat": z.object({
    agentId: AgentId,
    instanceId: InstanceId.optional(),
    state: z.enum(agentStates),
    slotsFree: z.int(),
    offers: z.int(),
    /** When the broker heard it, by its own clock: it is told only when the store has what came of it. */
    heardAt: WallMs.optional(),
  }),
  "broker.job": z.object({
    jobId: JobId,
    from: z.enum(jobStates).nullable(),
    to: z.enum(jobStates),
    epoch: z.int(),
    reason: z.string(),
    /** Of a job that was submitted with another than the usual one, 0. */
    priority: z.int().optional(),
    /** It is queued after an attempt that came to nothing, and waits for so long from that decision on. */
    backoff: z.object({ ms: z.int().min(1), until: WallMs }).optional(),
  }),
  "broker.offered": z.object({ ...grant, expiresAt: WallMs }),
  "broker.leased": z.object({ ...grant, expiresAt: WallMs }),
  "broker.released": z.object({
    ...grant,
    how: z.enum([
      "completed",
      "failed",
      "handed-back",
      "expired",
      "revoked",
      "declined",
      "offer-lapsed",
      "cancelled",
      "agent-lost",
    ]),
    progress: z.number(),
    checkpoint: CheckpointReference.nullable(),
  }),
  "broker.refused": z.object({ agentId: z.string(), route: z.string(), code: z.string() }),
  "broker.agent": z.object({
    agentId: AgentId,
    standing: z.enum(["active", "lost", "shutdown", "revoked"]),
    reason: z.string(),
  }),
  /** Misbehaviour that its operator ordered: put in force, and how it ended after so many effects. */
  "broker.fault": z.object({
    ruleId: z.string(),
    kind: z.string(),
    stage: z.enum(["put", ...faultEnds]),
    hits: z.int().min(0),
  }),
  "broker.pause-acknowledged": z.object({ agentId: AgentId, freezeMs: z.number(), checkpoints: z.int() }),
  /** A step of an agent that the broker starts on its own host: what it is then, and why; OR-1. */
  "broker.execution": z.object({
    executionId: ExecutionId,
    from: z.enum(executionStates).nullable(),
    to: z.enum(executionStates),
    startedAt: WallMs.nullable(),
    completedAt: WallMs.nullable(),
    reason: z.string(),
  }),
  /** A process says that this broker started it, and nothing is known of it, or that it is over: it is ended. */
  "broker.stray": z.object({ executionId: ExecutionId, pid: z.int() }),
  /** A step of a connection to another broker. */
  "broker.connection": z.object({
    connectionId: ConnectionId,
    side: z.enum(["hub", "spoke"]),
    from: z.enum(connectionStates).nullable(),
    to: z.enum(connectionStates),
  }),
  /** A spoke carried out a hub's command, or answered a further try of it. */
  "broker.command": z.object({
    connectionId: ConnectionId,
    commandId: z.string(),
    action: z.enum(["spawn", "status", "kill"]),
    how: z.enum(["executed", "repeated"]),
    executionIds: z.array(ExecutionId),
  }),
  /** A spoke refused what came as a command; the ids as far as they could be read, and nothing was changed. */
  "broker.command-refused": z.object({ connectionId: z.string(), commandId: z.string(), code: z.string() }),
  /** What a hub knows of an agent at a spoke. */
  "broker.remote": z.object({
    connectionId: ConnectionId,
    commandId: z.string(),
    executionId: ExecutionId.nullable(),
    state: z.string(),
  }),
  /**
   * So many of this broker's records right before the one before this could not be written, for the reason of the last of
   * them: evidence that was lost.
   */
  "broker.unrecorded": z.object({ records: z.int().min(1), reason: z.string() }),
  /** It is out of service until its process ends: no offers, no new agents, and goodbye to those that it has. */
  "broker.drained": z.object({ reason: z.string() }),
  "broker.stopped": z.object({ reason: z.string() }),
} as const;
