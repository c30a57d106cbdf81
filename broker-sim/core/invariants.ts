import { assert, present } from "../../foundation/assert.ts";
import { isTerminalJob } from "../../protocol/job-states.ts";
import { limits } from "../../foundation/limits.ts";
import type { KeptKind } from "./alarms.ts";
import { brokerLimits } from "./broker-limits.ts";
import type { BrokerState } from "./broker-state.ts";
import { assertExecution, assertExecutions } from "./executions/execution-invariants.ts";
import type { KnownAgent } from "./known-agent.ts";
import { leaseIdOf } from "./lease-id.ts";
import type { JobRecord } from "./records.ts";
import type { Turn } from "./turn.ts";
import type { Upload } from "./upload-list.ts";
import { canBeWoken } from "./work-hints.ts";

/** Checks what one input touched; cheap enough for every turn in production. */
export function assertTouchedInvariants(turn: Turn): void {
  const { state, jobsChanged, agentsChanged, executionsChanged } = turn;
  if (jobsChanged !== null) for (const job of jobsChanged) assertJob(state, job);
  const nextAtMs = state.alarms.nextAtMs();
  assert(
    nextAtMs === null || nextAtMs > state.nowMs,
    "what is due was looked at, and no alarm is set to a time gone by",
  );
  if (agentsChanged !== null) for (const agent of agentsChanged) assertAgent(state, agent);
  if (executionsChanged !== null) for (const execution of executionsChanged) assertExecution(state, execution);
}

/** Checks the whole state, for tests and simulators. */
export function assertInvariants(state: BrokerState): void {
  let queued = 0;
  let waiting = 0;
  let granted = 0;
  const references = new Map<string, number>();
  for (const job of state.jobs.values()) {
    assertJob(state, job);
    if (job.state === "queued" && !waits(state, job)) queued += 1;
    if (waits(state, job)) waiting += 1;
    if (job.grant !== null) granted += 1;
    if (job.checkpoint === null || isTerminalJob(job.state)) continue;
    for (const digest of [job.checkpoint.manifestDigest, job.checkpoint.archiveDigest]) {
      references.set(digest, (references.get(digest) ?? 0) + 1);
    }
  }
  assert(queued === state.queue.size, "the queue holds the jobs that can be offered and no other");
  assert(waiting === state.queue.waiting, "the jobs that stand aside are those that wait after a failed attempt");
  let held = 0;
  for (const agent of state.agents.values()) {
    assertAgent(state, agent);
    assertWakes(state, agent);
    held += agent.held.size;
  }
  assert(held === granted, "every grant stands in exactly one agent's list");
  for (const [digest, blob] of state.blobs) {
    assert(blob.references === (references.get(digest) ?? 0), "a blob's references are counted right");
    if (blob.references === 0) assertIsLookedAt(state, { kind: "blob", id: digest, byMs: blob.keepUntilMs });
  }
  for (const upload of state.uploads.values()) assertUpload(state, upload);
  assertExecutions(state);
  state.alarms.assertOrdered();
  for (const digest of references.keys()) assert(state.blobs.has(digest), "what a live job refers to is in the store");
}

/** What is on its way belongs to somebody who may still finish it, and is forgotten when nobody does. */
function assertUpload(state: BrokerState, { id, agentId, leaseId, bytes, length, keepUntilMs }: Upload): void {
  assert(state.agents.get(agentId)?.held.has(leaseId) === true, "an upload goes with its lease");
  assert(bytes <= (length ?? limits.checkpointBytesMax), "no upload holds more than the whole");
  const ofLease = state.uploads.ofLease(agentId, leaseId).length;
  assert(ofLease <= brokerLimits.uploadsPerLeaseMax, "a lease has no more uploads than its limit");
  assertIsLookedAt(state, { kind: "upload", id, byMs: keepUntilMs });
}

function assertJob(state: BrokerState, job: JobRecord): void {
  if (!state.jobs.has(job.jobId)) return;
  const isGranted = job.state === "offered" || job.state === "leased";
  assert(isGranted === (job.grant !== null), "a job has a grant exactly while it is offered or leased (I1)");
  const isAside = waits(state, job);
  const isOffered = job.state === "queued" && !isAside;
  assert(isOffered === state.queue.has(job.jobId), "a job is in the queue exactly while it can be offered");
  assert(isAside === state.queue.hasAside(job.jobId), "a job stands aside exactly while it waits");
  assert(isTerminalJob(job.state) === state.settled.has(job.jobId), "a settled job is listed as settled");
  assert(isTerminalJob(job.state) === (job.completedAt !== null), "a job has an end exactly when it is settled");
  assert(job.redeliveries <= job.job.redeliveriesMax, "a job is not leased again more often than its limit");
  if (job.state === "queued") {
    assert(job.progress === (job.checkpoint?.progress ?? 0), "a queued job stands where it goes on from");
  }
  if (job.waitsUntil !== null) {
    assert(job.state === "queued", "only a queued job waits");
    assert(job.waitsUntil <= state.nowMs + state.timing.backoffMsMax, "no job waits for longer than the longest wait");
    if (isAside) assertIsLookedAt(state, { kind: "job", id: job.jobId, byMs: job.waitsUntil });
  }
  if (job.grant === null) return;
  assert(job.grant.epoch <= job.epoch, "no grant is newer than the job's epoch");
  assert(job.grant.leaseId === leaseIdOf(job.jobId, job.grant.epoch), "a lease's id names its job and epoch");
  // Offers of an earlier start are due with the first input after it.
  const leastMs = job.state === "offered" ? 0 : Number.MIN_VALUE;
  assert(job.grant.expiresAt - state.nowMs >= leastMs, "no grant outlives its time");
  const holder = state.agents.get(job.grant.agentId);
  assert(holder?.held.get(job.grant.leaseId) === job, "the holder's list names the grant");
  assertIsLookedAt(state, { kind: "job", id: job.jobId, byMs: job.grant.expiresAt });
}

/** After a failed attempt. */
function waits({ nowMs }: BrokerState, { waitsUntil }: JobRecord): boolean {
  return waitsUntil !== null && waitsUntil > nowMs;
}

/** A heartbeat sets no alarm: the one that there is never comes later than the last sign of life allows (L3). */
function assertSilenceIsNoticed({ timing }: BrokerState, agent: KnownAgent): void {
  const { standing, alarmAtMs, lastSeenAt, lostAt } = agent;
  if (standing === "active") {
    assert(alarmAtMs <= lastSeenAt + timing.activityTimeoutMs, "an agent's silence is noticed in time");
  } else if (standing === "lost") {
    const sinceMs = present(lostAt, "a lost agent is lost since a moment");
    assert(alarmAtMs <= sinceMs + timing.revokeLostAfterMs, "a lost agent is revoked in time");
  } else if (standing === "shutdown") {
    assert(alarmAtMs <= lastSeenAt + timing.revokeShutdownAfterMs, "an agent that stays away is revoked in time");
  }
}

/** Whatever comes to its end by the time has an alarm, by then at the latest. */
function assertIsLookedAt(
  { alarms }: BrokerState,
  { kind, id, byMs }: { kind: KeptKind; id: string; byMs: number },
): void {
  const atMs = alarms.scheduledAtMs(kind, id) ?? Infinity;
  // Put into words only where it is so: every turn comes by here.
  if (atMs > byMs) assert(false, `the ${kind} ${id} is looked at in time`);
}

/** Nobody is to be woken who could not hear it, or would take no work. */
function assertWakes({ drained }: BrokerState, agent: KnownAgent): void {
  assert(!agent.inLine || drained === null, "a drained broker wakes nobody");
  assert(!agent.inLine || canBeWoken(agent), "an agent that is to be woken hears it, and has room");
}

/** What is over first comes first, and nothing lasts for longer than its time. */
function assertUnstartable({ nowMs, timing }: BrokerState, { unstartable }: KnownAgent): void {
  assert(unstartable.size <= brokerLimits.unstartableJobsMax, "an agent is kept from no more jobs than the limit says");
  let lastMs = -Infinity;
  for (const untilMs of unstartable.values()) {
    assert(untilMs >= lastMs, "what an agent may start again first stands first");
    lastMs = untilMs;
  }
  assert(lastMs <= nowMs + timing.startAgainAfterMs, "an agent is kept from a job for no longer than its time");
}

function assertAgent(state: BrokerState, agent: KnownAgent): void {
  assertSilenceIsNoticed(state, agent);
  assertUnstartable(state, agent);
  assert((agent.standing === "lost") === (agent.lostAt !== null), "an agent is lost since a moment, or not lost");
  if (agent.standing !== "revoked") return;
  assert(agent.held.size === 0, "a revoked agent holds nothing");
  assert(agent.unstartable.size === 0, "nothing is remembered of what a revoked agent could not start");
  assert(agent.revokedAt !== null, "a revoked agent is revoked since a moment");
}
