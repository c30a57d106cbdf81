import * as z from "zod";

import { limits } from "../foundation/limits.ts";
import { agentStates } from "./agent-states.ts";
import { CooperativeCheckpoint } from "./cooperative-checkpoint.ts";
import { executionStates } from "./execution-states.ts";
import { AgentId, Digest, Epoch, InstanceId, JobId, LeaseId, PublicKey, WallMs } from "./identifiers.ts";
import { jobStates } from "./job-states.ts";
import { Timing } from "./timing.ts";

/**
 * The messages between an agent, its broker and whoever submits jobs. All bodies are JSON but the checkpoints' blobs.
 * Paths stand in `protocol/routes.ts`.
 */

/** What a job is: a program with arguments, run in its own scoped directory. */
export const JobSpec = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  command: z.array(z.string().max(8_192)).min(1).max(256),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(8_192)).default({}),
  /** The size cap of the working directory (WC-12). */
  workspaceBytesMax: z
    .int()
    .min(1)
    .default(1024 ** 3),
  redeliveriesMax: z.int().min(0).max(100).default(limits.redeliveriesMax),
  /** Jobs of a higher one are offered first, those of one by their turn; 0, in the middle, where it is left out. */
  priority: z.int().min(-limits.priorityMax).max(limits.priorityMax).optional(),
  /** How the job takes part in its checkpoints; by default it is archived as it stands when it is frozen. */
  checkpoint: z.strictObject({ cooperative: CooperativeCheckpoint.optional() }).optional(),
});
export type JobSpec = z.infer<typeof JobSpec>;

/** What a checkpoint consists of: the manifest's digest addresses everything else. */
export const CheckpointContent = z.strictObject({
  /** SHA-256 of the manifest's bytes. */
  manifestDigest: Digest,
  /** SHA-256 of the archive's bytes; the manifest names it too. */
  archiveDigest: Digest,
  archiveBytes: z.int().min(0),
  /** The job's own count of its work when it was frozen. */
  progress: z.number().min(0),
});
export type CheckpointContent = z.infer<typeof CheckpointContent>;

/** Where a job stood when it was frozen. */
export const CheckpointReference = CheckpointContent.extend({
  /**
   * Counts the checkpoints of a job along its holders: word of an earlier one that comes late is not heeded. 1 for one
   * from before they were numbered; whoever is at the most stays there.
   */
  number: z.int().min(1).max(limits.checkpointNumberMax).default(1),
});
export type CheckpointReference = z.infer<typeof CheckpointReference>;

/** A broker's grant of one job to one agent until `expiresAt`; an offer until it is accepted. */
export const Lease = z.strictObject({
  leaseId: LeaseId,
  jobId: JobId,
  epoch: Epoch,
  job: JobSpec,
  /** As an offer: when it lapses unless accepted. As a lease: when it expires unless renewed. Broker's clock. */
  expiresAt: WallMs,
  /** Present when an earlier holder left one: the job goes on from there. */
  checkpoint: CheckpointReference.optional(),
});
export type Lease = z.infer<typeof Lease>;

/** The statement that an agent signs at enrolment and leaves with the broker, so that its key can die without it. */
export const SignedRevocation = z.strictObject({
  agentId: AgentId,
  /** Ed25519 over `revocationStatement(agentId)`, base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type SignedRevocation = z.infer<typeof SignedRevocation>;

/** `POST enrol`, signed with the key that it brings (proof of possession). Idempotent for a known key. */
export const EnrolRequest = z.strictObject({
  joinToken: z.string().min(1).max(1_000),
  publicKey: PublicKey,
  slots: z.int().min(1).max(limits.slotsMax),
  revocation: SignedRevocation,
});
export const EnrolResponse = z.strictObject({ agentId: AgentId, brokerTimeMs: WallMs, timing: Timing });
export type EnrolRequest = z.infer<typeof EnrolRequest>;
export type EnrolResponse = z.infer<typeof EnrolResponse>;

/** What a host can give at this moment. */
export const Resources = z.strictObject({
  cpus: z.int().min(1),
  loadAverage: z.number().min(0),
  memoryBytesTotal: z.int().min(0),
  memoryBytesFree: z.int().min(0),
});
export type Resources = z.infer<typeof Resources>;

export const LeaseStatus = z.strictObject({
  leaseId: LeaseId,
  jobId: JobId,
  epoch: Epoch,
  execution: z.enum(executionStates),
  frozen: z.boolean(),
  progress: z.number().min(0),
});
export type LeaseStatus = z.infer<typeof LeaseStatus>;

/** `POST heartbeat` (WC-1, EG-4). A paused agent keeps sending it, with no free slot. */
export const HeartbeatRequest = z.strictObject({
  state: z.enum(agentStates),
  slots: z.int().min(1).max(limits.slotsMax),
  /** How many offers the agent would take now; 0 while pausing, paused or leaving. */
  slotsFree: z.int().min(0).max(limits.slotsMax),
  resources: Resources,
  leases: z.array(LeaseStatus).max(limits.slotsMax),
});
export const HeartbeatResponse = z.strictObject({
  brokerTimeMs: WallMs,
  offers: z.array(Lease).max(limits.offersPerHeartbeatMax),
  renewed: z.array(z.strictObject({ leaseId: LeaseId, expiresAt: WallMs })),
  /** Leases that the agent named and does not hold (any more): it stops and wipes them. */
  lost: z.array(z.strictObject({ leaseId: LeaseId, reason: z.string() })),
});
export type HeartbeatRequest = z.infer<typeof HeartbeatRequest>;
export type HeartbeatResponse = z.infer<typeof HeartbeatResponse>;

/** `POST leases/:leaseId/accept`. 409 `offer-lapsed` when it is too late. */
export const AcceptRequest = z.strictObject({ epoch: Epoch });
export const AcceptResponse = z.strictObject({ expiresAt: WallMs });
/**
 * The job could not be started on this host. It waits behind the others then, so that they need not wait for it, and a
 * start that failed counts as a redelivery: a job that starts nowhere comes to its end (L2).
 */
const startFailed = z.boolean().optional();

/** `POST leases/:leaseId/decline`: the offer goes back to the queue at once. */
export const DeclineRequest = z.strictObject({ epoch: Epoch, reason: z.string().max(500), startFailed });

/** `POST leases/:leaseId/progress`. */
export const ProgressRequest = z.strictObject({
  epoch: Epoch,
  progress: z.number().min(0),
  checkpoint: CheckpointReference.optional(),
});

/** `POST leases/:leaseId/complete`. Accepted once; a repeat of the same is answered alike; an old epoch is `fenced`. */
export const CompleteRequest = z.strictObject({
  epoch: Epoch,
  outcome: z.enum(["completed", "failed"]),
  /** The process's exit code, or null when a signal ended it. */
  exitCode: z.int().nullable(),
  error: z.string().max(2_000).optional(),
  progress: z.number().min(0),
  /** What the job wrote as its result, as text. */
  result: z.string().max(limits.resultBytesMax).optional(),
});
export type CompleteRequest = z.infer<typeof CompleteRequest>;

/** One lease given back before its job ended; the job is queued again and goes on from the checkpoint. */
export const HandBack = z.strictObject({
  leaseId: LeaseId,
  jobId: JobId,
  epoch: Epoch,
  progress: z.number().min(0),
  checkpoint: CheckpointReference.optional(),
});
export type HandBack = z.infer<typeof HandBack>;

/**
 * The agent died while the job ran, and nobody can tell which of them brought the other down; so it counts as a
 * redelivery (docs/cases.md, case 19). What a donor did is not told so: a pause, a shutdown, a withdrawal, a reboot.
 */
const agentDied = z.boolean().optional();

/** `POST leases/:leaseId/return`. */
export const ReturnRequest = HandBack.omit({ leaseId: true, jobId: true }).extend({
  reason: z.string().max(500),
  startFailed,
  agentDied,
});

/** `POST agent/paused`: sent once every sandbox is frozen and its checkpoint is saved (WC-2, I8). */
export const PausedRequest = z.strictObject({
  reason: z.string().max(500),
  /** From the trigger until every process was seen stopped, in milliseconds. */
  freezeMs: z.number().min(0),
  checkpoints: z.array(HandBack).max(limits.slotsMax),
});
/** `POST agent/resumed`. */
export const ResumedRequest = z.strictObject({ reason: z.string().max(500) });
/** `POST agent/shutdown` (EG-4): the process ends, the membership does not. */
export const ShutdownRequest = z.strictObject({
  reason: z.string().max(500),
  handedBack: z.array(HandBack).max(limits.slotsMax),
});
/** `POST agent/withdraw`: hands everything back and revokes the key in one step (WC-4). */
export const WithdrawRequest = z.strictObject({
  handedBack: z.array(HandBack).max(limits.slotsMax),
  revocation: SignedRevocation,
});
export const WithdrawResponse = z.strictObject({
  revokedAt: WallMs,
  /** How many of the leases were still the agent's to give back. */
  leasesHandedBack: z.int().min(0),
});
export type PausedRequest = z.infer<typeof PausedRequest>;
export type ShutdownRequest = z.infer<typeof ShutdownRequest>;
export type WithdrawRequest = z.infer<typeof WithdrawRequest>;
export type WithdrawResponse = z.infer<typeof WithdrawResponse>;

/** The answer to a call that has nothing more to say. */
export const Acknowledged = z.strictObject({ ok: z.literal(true) });

/** Every refusal's body. `fenced`: an old epoch; `revoked`: the key is dead; `replayed`: a nonce seen before. `store-away`: the broker can note nothing just now; it may have taken what was asked. */
export const Problem = z.strictObject({
  code: z.enum([
    "bad-request",
    "bad-join-token",
    "bad-operator-token",
    "bad-signature",
    "stale-signature",
    "replayed",
    "revoked",
    "unknown-agent",
    "unknown-job",
    "unknown-lease",
    "unknown-checkpoint",
    "unknown-fault",
    "faults-off",
    "unknown-execution",
    "unknown-connection",
    "connection-inactive",
    "connection-state",
    "invitation-used",
    "stale-command",
    "command-cancelled",
    "command-reused",
    "spoke-unreachable",
    "spoke-refused",
    "fenced",
    "offer-lapsed",
    "lease-expired",
    "job-settled",
    "execution-over",
    "too-large",
    "digest-mismatch",
    "offset-mismatch",
    "full",
    "store-away",
    "out-of-service",
    "rate-limited",
    "not-found",
    "internal",
  ]),
  message: z.string(),
  /** With `offset-mismatch`: how many bytes of the upload the broker has, from which on it takes more. */
  expectedOffset: z.int().min(0).optional(),
});
export type Problem = z.infer<typeof Problem>;
export type ProblemCode = Problem["code"];

/** Events from the broker to one agent, over SSE; the data of each is JSON. */
export const BrokerEvent = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("work_available"), data: z.strictObject({ queued: z.int().min(0) }) }),
  z.strictObject({ event: z.literal("pause"), data: z.strictObject({ reason: z.string() }) }),
  z.strictObject({ event: z.literal("resume"), data: z.strictObject({ reason: z.string() }) }),
  z.strictObject({
    event: z.literal("lease_revoked"),
    data: z.strictObject({ leaseId: LeaseId, epoch: Epoch, reason: z.string() }),
  }),
  z.strictObject({ event: z.literal("goodbye"), data: z.strictObject({ reason: z.string() }) }),
]);
export type BrokerEvent = z.infer<typeof BrokerEvent>;

/** `POST jobs`: one or many at once, all or none. */
export const SubmitRequest = z.strictObject({ jobs: z.array(JobSpec).min(1).max(10_000) });
export const SubmitResponse = z.strictObject({ jobIds: z.array(JobId) });

export const JobView = z.strictObject({
  jobId: JobId,
  state: z.enum(jobStates),
  job: JobSpec,
  epoch: z.int().min(0),
  agentId: AgentId.nullable(),
  leaseId: LeaseId.nullable(),
  progress: z.number().min(0),
  checkpoint: CheckpointReference.nullable(),
  /** Why the last holder gave it back, if one did. */
  handedBackReason: z.string().nullable(),
  redeliveries: z.int().min(0),
  /** It is queued after an attempt that came to nothing, and is not offered before; null once it was offered again. */
  waitsUntil: WallMs.nullable(),
  submittedAt: WallMs,
  startedAt: WallMs.nullable(),
  completedAt: WallMs.nullable(),
  exitCode: z.int().nullable(),
  error: z.string().nullable(),
  result: z.string().nullable(),
});
export type JobView = z.infer<typeof JobView>;
export const JobList = z.strictObject({ jobs: z.array(JobView) });

export const AgentView = z.strictObject({
  agentId: AgentId,
  instanceId: InstanceId.nullable(),
  /** The broker's view: the state last reported, or that it is lost or revoked. */
  standing: z.enum(["active", "lost", "shutdown", "revoked"]),
  state: z.enum(agentStates),
  slots: z.int(),
  slotsFree: z.int(),
  resources: Resources.nullable(),
  leases: z.array(LeaseId),
  enrolledAt: WallMs,
  lastSeenAt: WallMs,
});
export type AgentView = z.infer<typeof AgentView>;
export const AgentList = z.strictObject({ agents: z.array(AgentView) });

/** `POST agents/:agentId/commands`: pushes the event to the agent. */
export const AgentCommand = z.strictObject({
  command: z.enum(["pause", "resume", "goodbye"]),
  reason: z.string().max(500).default("asked by the operator"),
});
export type AgentCommand = z.infer<typeof AgentCommand>;

/** `POST drain`: no new offers from here on, and goodbye to the agents. */
export const DrainRequest = z.strictObject({ reason: z.string().max(500) });

/** `GET /healthz`: what was decided so far is in the store. */
export const HealthView = z.strictObject({
  ok: z.literal(true),
  jobsLive: z.int().min(0),
  jobsQueued: z.int().min(0),
  agents: z.int().min(0),
});

/** `GET /readyz`: 200 when new work is welcome, 503 with the reasons when it is not. */
export const ReadyView = z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()) });
