import { assert, present } from "../../foundation/assert.ts";
import { seededRandom } from "../../foundation/random.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { backoffAfter } from "../../protocol/backoff.ts";
import type { HistoryData } from "../../protocol/history.ts";
import { type JobState, isTerminalJob, jobSuccessors } from "../../protocol/job-states.ts";
import type { CheckpointReference, Lease } from "../../protocol/messages.ts";
import { setAside } from "./backoff.ts";
import { brokerLimits } from "./broker-limits.ts";
import { checkpointProblem, isOvertaken, releaseBlobs, replaceCheckpoint } from "./checkpoints.ts";
import type { KnownAgent } from "./known-agent.ts";
import { leaseIdOf } from "./lease-id.ts";
import type { GrantRecord, JobRecord } from "./records.ts";
import { type Turn, persistJob, record, removeStoredJob } from "./turn.ts";
import { dropUploadsOf } from "./uploads.ts";
import { enqueueJob } from "./work-hints.ts";

/** Enough of an agent's id for a person. */
const shortIdLength = 12;

/** How a grant ended, as the history tells it. */
export type ReleaseHow = HistoryData<"broker.released">["how"];

/** Offers a job that was just taken from the queue to an agent, under an epoch larger than every one before (I1). */
export function offerJob(turn: Turn, job: JobRecord, agent: KnownAgent): Lease {
  assert(job.grant === null, "a job that is offered has no other grant");
  assert(agent.standing === "active", "only an active agent gets an offer");
  const expiresAt = turn.nowMs + turn.state.timing.offerTtlMs;
  job.epoch = nextEpoch(turn, job);
  assert(Number.isSafeInteger(job.epoch), "the epoch is a whole number");
  const leaseId = leaseIdOf(job.jobId, job.epoch);
  job.grant = { leaseId, epoch: job.epoch, agentId: agent.agentId, instanceId: agent.instanceId, expiresAt };
  job.waitsUntil = null;
  moveJob(turn, job, "offered", `offered to agent ${agent.agentId.slice(0, shortIdLength)}`);
  agent.hold(job);
  assert(agent.slotsFree > 0, "only an agent with a free slot gets an offer");
  agent.slotsFree -= 1;
  turn.state.alarms.ensure("job", job.jobId, expiresAt);
  record(turn, "broker.offered", { jobId: job.jobId, leaseId, epoch: job.epoch, agentId: agent.agentId, expiresAt });
  return openOffer(job);
}

/** Larger than every one before, those included that the store forgot. */
function nextEpoch({ state }: Turn, { jobId, epoch }: JobRecord): number {
  const isOurs = jobId.startsWith(`job-${state.boot}-`);
  return Math.max(epoch, isOurs ? 0 : state.epochFloor) + 1;
}

/** An open offer as its agent is told of it. */
export function openOffer(job: JobRecord): Lease {
  const { leaseId, epoch, expiresAt } = present(job.grant, "an offered job has a grant");
  const lease = { leaseId, jobId: job.jobId, epoch, job: job.job, expiresAt };
  return job.checkpoint === null ? lease : { ...lease, checkpoint: job.checkpoint };
}

/** Turns an accepted offer into a lease. */
export function leaseJob(turn: Turn, job: JobRecord): GrantRecord {
  const grant = present(job.grant, "an offered job has a grant");
  const expiresAt = turn.nowMs + turn.state.timing.leaseTtlMs;
  job.grant = { ...grant, expiresAt };
  job.startedAt ??= turn.nowMs;
  moveJob(turn, job, "leased", `accepted by agent ${grant.agentId.slice(0, shortIdLength)}`);
  // The alarm of the offer comes first, and is set anew then.
  const { leaseId, epoch, agentId } = grant;
  record(turn, "broker.leased", { jobId: job.jobId, leaseId, epoch, agentId, expiresAt });
  return job.grant;
}

export interface Requeue {
  readonly how: ReleaseHow;
  readonly reason: string;
  /** Behind all others of its priority instead of in front of them. */
  readonly behind?: boolean;
}

/** Ends a grant before its job ended, and queues the job again, in front of all others of its priority. */
export function requeueJob(turn: Turn, job: JobRecord, requeue: Requeue): void {
  queueAgain(turn, job, { ...requeue, backoffMs: 0 });
}

function queueAgain(
  turn: Turn,
  job: JobRecord,
  { how, reason, behind = false, backoffMs }: Requeue & { readonly backoffMs: number },
): void {
  const { queue } = turn.state;
  endGrant(turn, job, how);
  const until = turn.nowMs + backoffMs;
  job.waitsUntil = backoffMs === 0 ? null : until;
  moveJob(turn, job, "queued", reason, backoffMs === 0 ? {} : { backoff: { ms: backoffMs, until } });
  // Whatever was done since the checkpoint is lost with the sandbox.
  job.progress = job.checkpoint?.progress ?? 0;
  job.queueOrder = behind ? queue.nextBack() : queue.nextFront();
  if (job.waitsUntil === null) enqueueJob(turn, job);
  else setAside(turn, job);
}

/**
 * Ends a grant whose holder vanished with it, or could not start it. Nobody can tell whether the host failed or the job
 * brought it down, so it counts: a job that outlives no agent fails after `redeliveriesMax` (docs/cases.md, case 19),
 * and waits after each attempt, for longer every time.
 */
export function redeliverJob(turn: Turn, job: JobRecord, requeue: Requeue): void {
  if (job.redeliveries < job.job.redeliveriesMax) {
    job.redeliveries += 1;
    queueAgain(turn, job, { ...requeue, backoffMs: drawBackoffMs(turn, job) });
    return;
  }
  const { how, reason } = requeue;
  sometimes("a job failed because no agent outlived it");
  const error = `${reason}; it was leased again ${job.redeliveries} times before, which is its limit`;
  settleJob(turn, job, { state: "failed", how, reason: error, error });
}

export interface Settlement {
  readonly state: "completed" | "failed" | "cancelled";
  readonly how: ReleaseHow;
  readonly reason: string;
  readonly exitCode?: number | null;
  readonly error?: string | null;
  readonly result?: string | null;
  readonly settledBy?: JobRecord["settledBy"];
}

/** Gives a job its final state, once (I3), and lets go of all that it held. */
export function settleJob(turn: Turn, job: JobRecord, settlement: Settlement): void {
  const { state } = turn;
  if (job.grant !== null) endGrant(turn, job, settlement.how);
  state.queue.remove(job.jobId);
  job.waitsUntil = null;
  moveJob(turn, job, settlement.state, settlement.reason);
  assert(job.completedAt === null, "a job settles once");
  job.completedAt = turn.nowMs;
  job.exitCode = settlement.exitCode ?? null;
  job.error = settlement.error ?? null;
  job.result = settlement.result ?? null;
  job.settledBy = settlement.settledBy ?? null;
  releaseBlobs(turn, job);
  state.settled.add(job.jobId);
  while (state.settled.size > brokerLimits.settledJobsMax) {
    const jobId = present(state.settled.oldest, "what is counted is there");
    state.settled.delete(jobId);
    state.jobs.delete(jobId);
    removeStoredJob(turn, jobId);
  }
}

/**
 * Takes over how far the holder got, and its checkpoint if it brought one that can be used.
 *
 * @returns why its checkpoint cannot be used; undefined when there is nothing to say
 */
export function noteProgress(
  turn: Turn,
  job: JobRecord,
  { progress, checkpoint }: { progress: number; checkpoint: CheckpointReference | undefined },
): string | undefined {
  if (isOvertaken(job, checkpoint)) {
    sometimes("word of a checkpoint came after that of a later one");
    return undefined;
  }
  job.progress = progress;
  if (checkpoint === undefined) return undefined;
  const problem = checkpointProblem(turn.state, checkpoint);
  if (problem === undefined) replaceCheckpoint(turn, job, checkpoint);
  return problem;
}

function endGrant(turn: Turn, job: JobRecord, how: ReleaseHow): void {
  const { leaseId, epoch, agentId } = present(job.grant, "a grant that ends is there");
  const agent = present(turn.state.agents.get(agentId), "the holder is known");
  agent.letGo(job);
  dropUploadsOf(turn, { agentId, leaseId });
  job.grant = null;
  // Whoever has to end the job first says by itself when its slot is free: counted before, it would be woken for work
  // that it has no room for, instead of another agent.
  const isFreed = how === "cancelled" && job.state === "leased" ? 0 : 1;
  // Its last heartbeat may have counted this slot as free already, while word of the job's end was on its way.
  agent.slotsFree = Math.min(Math.max(0, agent.slots - agent.held.size), agent.slotsFree + isFreed);
  const { jobId, progress, checkpoint } = job;
  record(turn, "broker.released", { jobId, leaseId, epoch, agentId, how, progress, checkpoint });
}

/** The same attempt of a job always draws the same; those of others draw others, so they do not come back together. */
function drawBackoffMs({ state }: Turn, { grant, redeliveries }: JobRecord): number {
  const { leaseId } = present(grant, "an attempt that failed had a lease");
  const { leastMs, mostMs } = backoffAfter(redeliveries, state.timing);
  return seededRandom(`backoff/${leaseId}`).integer({ min: leastMs, max: mostMs });
}

function moveJob(
  turn: Turn,
  job: JobRecord,
  to: JobState,
  reason: string,
  more: Pick<HistoryData<"broker.job">, "backoff"> = {},
): void {
  assert(!isTerminalJob(job.state), `job ${job.jobId} is not settled`);
  assert(jobSuccessors[job.state].includes(to), `a job goes from ${job.state} to ${to}`);
  const from = job.state;
  job.state = to;
  persistJob(turn, job);
  record(turn, "broker.job", { jobId: job.jobId, from, to, epoch: job.epoch, reason, ...more });
}
