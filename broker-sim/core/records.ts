import * as z from "zod";

import { agentStates } from "../../protocol/agent-states.ts";
import {
  AgentId,
  type Digest,
  Epoch,
  InstanceId,
  JobId,
  LeaseId,
  PublicKey,
  WallMs,
} from "../../protocol/identifiers.ts";
import { jobStates } from "../../protocol/job-states.ts";
import { CheckpointReference, JobSpec, Resources, SignedRevocation } from "../../protocol/messages.ts";

/** A job's offer (state `offered`) or lease (state `leased`); there is at most one at any time (I1). */
export const GrantRecord = z.strictObject({
  leaseId: LeaseId,
  epoch: Epoch,
  agentId: AgentId,
  /** The process start that holds it; a later instance takes it over by naming it in its first heartbeat. */
  instanceId: InstanceId,
  expiresAt: WallMs,
});
export type GrantRecord = z.infer<typeof GrantRecord>;

/** Everything that the broker knows of a job, as the stores keep it. */
export const JobRecord = z.strictObject({
  jobId: JobId,
  /** Orders the jobs of one priority: submitted ones grow at the back, those given back go to the front. */
  queueOrder: z.int(),
  job: JobSpec,
  state: z.enum(jobStates),
  epoch: z.int().min(0),
  grant: GrantRecord.nullable(),
  progress: z.number().min(0),
  checkpoint: CheckpointReference.nullable(),
  handedBackReason: z.string().nullable(),
  /** The lease handed back last, so that a repeated hand-back is answered alike. */
  handedBackLease: LeaseId.nullable(),
  redeliveries: z.int().min(0),
  /** While it is queued after an attempt that came to nothing: it is offered then, and not before. */
  waitsUntil: WallMs.nullable().default(null),
  submittedAt: WallMs,
  startedAt: WallMs.nullable(),
  completedAt: WallMs.nullable(),
  exitCode: z.int().nullable(),
  error: z.string().nullable(),
  result: z.string().nullable(),
  /** Under which grant the agent's own completion was taken; null for jobs that the broker settled. */
  settledBy: z.strictObject({ leaseId: LeaseId, agentId: AgentId }).nullable(),
});
export type JobRecord = z.infer<typeof JobRecord>;

/** 0 is the usual one, which records of before there were priorities have too. */
export function priorityOf({ job }: Pick<JobRecord, "job">): number {
  return job.priority ?? 0;
}

/** Everything that the broker knows of an agent, as the stores keep it. */
export const AgentRecord = z.strictObject({
  agentId: AgentId,
  publicKey: PublicKey,
  /** Held from enrolment on, so that the key can be revoked without its agent. */
  revocation: SignedRevocation,
  instanceId: InstanceId,
  standing: z.enum(["active", "lost", "shutdown", "revoked"]),
  state: z.enum(agentStates),
  slots: z.int().min(1),
  /** As last reported, less the offers made and plus the leases ended since. */
  slotsFree: z.int().min(0),
  resources: Resources.nullable(),
  enrolledAt: WallMs,
  lastSeenAt: WallMs,
  lostAt: WallMs.nullable(),
  revokedAt: WallMs.nullable(),
});
export type AgentRecord = z.infer<typeof AgentRecord>;

/** A blob in the checkpoint store, as the broker finds it at its start. */
export interface BlobRecord {
  readonly digest: Digest;
  readonly bytes: number;
}

/** Names one part of a checkpoint on its way here. */
export interface UploadKey {
  readonly agentId: AgentId;
  readonly leaseId: LeaseId;
  /** The SHA-256 that the whole is to have. */
  readonly digest: Digest;
}

/** What the checkpoint store has of an upload that is not whole, as the broker finds it at its start. */
export interface UploadRecord extends UploadKey {
  readonly bytes: number;
}
