import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { jobOfLease } from "../../../broker-sim/core/lease-id.ts";
import type { JobRecord } from "../../../broker-sim/core/records.ts";
import { assert, present } from "../../../foundation/assert.ts";
import type { CheckpointReference } from "../../../protocol/messages.ts";
import { auditHunger } from "./audit-hints.ts";
import { isRelease } from "./audit-releases.ts";
import { callerOf, type Decided } from "./decided.ts";

/** An acceptance was taken: the caller has the lease, until then. */
export function auditLease(
  { state, input: { caller, leaseId } }: Decided<"accept">,
  { expiresAt }: { expiresAt: number },
): void {
  const job = present(callerOf(state, caller).held.get(leaseId), "what is accepted is held");
  assert(job.state === "leased" && job.startedAt !== null, "what is accepted is leased");
  assert(job.grant?.expiresAt === expiresAt, "a lease lasts for as long as its holder is told");
  assert(job.grant.instanceId === caller.instanceId, "what is accepted belongs to who accepted it");
  assert(expiresAt <= state.nowMs + state.timing.leaseTtlMs, "a lease begins with no more than its time");
}

/** A job's end was taken: it ended so, and not in another way. */
export function auditEnd({ state, input: { caller, leaseId, message }, effects }: Decided<"complete">): void {
  const job = present(jobOf(state, leaseId), "what is completed is known");
  assert(isEndOf(job, message), "a job ended as its holder was told that it did (I3)");
  assert(job.settledBy?.leaseId === leaseId, "a job is completed under the lease of who says so (I2)");
  assert(job.settledBy.agentId === caller.agentId, "a job is completed by who says so (I2)");
  if (effects.some((effect) => isReleaseOf(effect, leaseId))) {
    auditHunger(callerOf(state, caller), { state, effects });
  }
}

/** A lease was given back: it is over, and the job has the checkpoint that came along, if the store has that. */
export function auditHandBack(
  { state, input, effects }: Decided<"return" | "shutdown" | "withdraw">,
  { leaseId, checkpoint }: { leaseId: string; checkpoint?: CheckpointReference | undefined },
): void {
  const agent = callerOf(state, input.caller);
  assert(agent.held.get(leaseId)?.state !== "leased", "what is given back is held no longer");
  const job = jobOf(state, leaseId);
  const isBack = effects.some((effect) => isReleaseOf(effect, leaseId)) || job?.handedBackLease === leaseId;
  assert(isBack || input.type !== "return", "what was given back was held");
  for (const effect of effects) {
    if (!isRelease(effect)) continue;
    const { data } = effect.entry;
    if (data.leaseId !== leaseId || data.how !== "handed-back" || job === undefined) continue;
    assert(job.handedBackLease === leaseId, "a job knows how its last lease was given back");
    assertCheckpoint(state, job, checkpoint);
  }
}

/** Whoever could not start a job is not offered it for a while, and whoever gives one back for another reason is. */
export function auditUnstartable({ state, input, effects }: Decided<"decline" | "return">): void {
  const { caller, leaseId, message } = input;
  const job = jobOf(state, leaseId);
  if (job?.state !== "queued" || !effects.some((effect) => isReleaseOf(effect, leaseId))) return;
  const untilMs = callerOf(state, caller).unstartable.get(job.jobId) ?? -Infinity;
  if (message.startFailed === true) {
    assert(untilMs === state.nowMs + state.timing.startAgainAfterMs, "who could not start a job is not asked again");
  } else assert(untilMs <= state.nowMs, "who gives back what it could start is asked again");
}

/**
 * The holder told how far the job is: that is known, and its checkpoint too, if the store has that.
 *
 * @returns whether a checkpoint was told and is known
 */
export function auditSaved(
  state: BrokerState,
  job: JobRecord,
  { progress, checkpoint }: { progress: number; checkpoint?: CheckpointReference | undefined },
): boolean {
  assert(isOvertaken(job, checkpoint) || job.progress === progress, "a job is as far as its holder says");
  return assertCheckpoint(state, job, checkpoint);
}

/** No call about a lease is refused for a reason that is not so. */
export function auditLeaseRefusal(
  { state, input }: Decided & { input: { leaseId: string } },
  { agent, code }: { agent: KnownAgent; code: string },
): void {
  const { leaseId } = input;
  const job = jobOf(state, leaseId);
  const held = agent.held.get(leaseId);
  const isAnswer = input.type === "accept" || input.type === "decline" || input.type === "return";
  if (code === "unknown-lease") assert(job === undefined, "what is called unknown is unknown");
  if (code === "offer-lapsed") assert(held === undefined, "what is called over is over");
  if (code === "fenced") {
    const hasNone = isAnswer || input.type.startsWith("upload-") ? held === undefined : held?.state !== "leased";
    assert(hasNone, "who is fenced holds no such lease (I2)");
    if (input.type === "return") assert(job?.handedBackLease !== leaseId, "a hand-back is taken each time alike");
  }
  if (input.type !== "complete") return;
  assert(job?.settledBy?.leaseId !== leaseId || !isEndOf(job, input.message), "a repeat is answered alike (I3)");
}

function isEndOf(job: JobRecord, end: Decided<"complete">["input"]["message"]): boolean {
  const { outcome, exitCode, error = null, result = null, progress } = end;
  const isSame = job.state === outcome && job.exitCode === exitCode && job.progress === progress;
  return isSame && job.error === error && job.result === result;
}

function isReleaseOf(effect: Effect, leaseId: string): boolean {
  return isRelease(effect) && effect.entry.data.leaseId === leaseId;
}

function jobOf({ jobs }: BrokerState, leaseId: string): JobRecord | undefined {
  return jobs.get(jobOfLease(leaseId));
}

/** A settled job's blobs are let go, and nobody goes on from them. */
function assertCheckpoint({ blobs }: BrokerState, job: JobRecord, told: CheckpointReference | undefined): boolean {
  if (told === undefined || job.completedAt !== null) return false;
  const isThere = blobs.has(told.manifestDigest) && blobs.get(told.archiveDigest)?.bytes === told.archiveBytes;
  const isTaken = job.checkpoint?.manifestDigest === told.manifestDigest;
  assert(isTaken || !isThere || isOvertaken(job, told), "a checkpoint that the store has is taken");
  return isTaken;
}

/** Word of a later one came first. */
function isOvertaken({ checkpoint }: JobRecord, told: CheckpointReference | undefined): boolean {
  return told !== undefined && checkpoint !== null && told.number < checkpoint.number;
}
