import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { assert, present } from "../../../foundation/assert.ts";
import { limits } from "../../../foundation/limits.ts";
import type { HeartbeatResponse } from "../../../protocol/messages.ts";
import { auditHunger, workFor } from "./audit-hints.ts";
import { isRelease } from "./audit-releases.ts";
import { callerOf, type Decided } from "./decided.ts";

const none: ReadonlySet<string> = new Set();

/**
 * A heartbeat was taken (WC-1): what it says is known, each lease that it names is renewed, lost, or an offer whose
 * acceptance is under way; the offers are the agent's, and as many as there are jobs and room for.
 */
export function auditHeartbeat(decided: Decided<"heartbeat">, answer: HeartbeatResponse): void {
  const { state, input, before, effects } = decided;
  const { caller, message } = input;
  const agent = callerOf(state, caller);
  assert(agent.standing === "active" && agent.lastSeenAt === state.nowMs, "who sends a heartbeat is seen");
  assert(agent.state === message.state && agent.slots === message.slots, "an agent is what it says");
  assert(agent.resources === message.resources, "an agent has what it says");
  assert(answer.brokerTimeMs === state.nowMs, "the broker tells its time");
  auditNamed(decided, { agent, answer });
  auditOffers(decided, { agent, answer });
  const free = Math.max(0, message.slotsFree - answer.offers.length);
  assert(agent.slotsFree === free, "what is offered takes the slots that were free");
  auditHunger(agent, { state, effects });
  if (agent.inLine) assert(agent.after === null, "who was heard last waits behind the others");
  const isNews = before?.standing !== "active" || before.state !== message.state || before.hasInherited;
  const isOnly = effects.every((effect) => effect.kind !== "history" || effect.entry.type === "broker.heartbeat");
  if (isNews || !isOnly || answer.lost.length > 0) return;
  assert(!effects.some(({ kind }) => kind === "persist"), "a heartbeat that says nothing new writes nothing");
}

function auditNamed(
  { state, input, effects }: Decided<"heartbeat">,
  { agent, answer }: { agent: KnownAgent; answer: HeartbeatResponse },
): void {
  const { message, caller } = input;
  for (const { leaseId, progress } of message.leases) {
    const job = agent.held.get(leaseId);
    const isLost = answer.lost.some((lost) => lost.leaseId === leaseId);
    assert(!isLost || job === undefined, "a lease is lost only to who does not hold it");
    const isTakenBack = effects.some((effect) => isRelease(effect) && effect.entry.data.leaseId === leaseId);
    assert(isLost || job !== undefined || isTakenBack, "who does not hold a lease hears that it is lost");
    const isLeased = job?.state === "leased";
    // The last word counts, if one lease is named twice.
    const renewed = answer.renewed.findLast((one) => one.leaseId === leaseId);
    assert((renewed !== undefined) === isLeased, "a lease is renewed for who holds it");
    if (!isLeased) continue;
    const grant = present(job?.grant, "what is held has a grant");
    assert(grant.expiresAt === renewed?.expiresAt, "a lease lasts for as long as its holder is told");
    assert(grant.expiresAt === state.nowMs + state.timing.leaseTtlMs, "a lease is renewed for its whole time");
    assert(job?.progress === progress, "a job is as far as its holder says");
  }
  for (const job of agent.held.values()) {
    const isIts = job.grant?.instanceId === caller.instanceId;
    assert(job.state === "offered" || isIts, "an instance holds only what it knows of");
  }
}

function auditOffers(
  { state, input }: Decided<"heartbeat">,
  { agent, answer: { offers } }: { agent: KnownAgent; answer: HeartbeatResponse },
): void {
  const { message } = input;
  const offered = offers.length === 0 ? none : new Set(offers.map(({ leaseId }) => leaseId));
  assert(offered.size === offers.length, "each offer is made once");
  let isOpen = false;
  let isUntold = false;
  for (const job of agent.held.values()) {
    if (job.state !== "offered") continue;
    isOpen = true;
    if (!offered.has(job.grant?.leaseId ?? "")) isUntold = true;
  }
  for (const { leaseId, jobId, epoch, expiresAt } of offers) {
    const grant = present(agent.held.get(leaseId)?.grant, "what is offered is held");
    assert(grant.epoch === epoch && grant.expiresAt === expiresAt, "an offer is told as it was made");
    const untilMs = agent.unstartable.get(jobId) ?? -Infinity;
    assert(untilMs <= state.nowMs, "a job that could not be started is left to others for a while");
    assert(state.jobs.get(jobId)?.waitsUntil === null, "what is offered waits no more");
  }
  const takes = message.state === "Idle" || message.state === "Working";
  assert(takes || !isOpen, "who takes no work has no open offer (I6)");
  // An offer that was not heard is not made again either.
  if (state.drained !== null) return assert(offers.length === 0, "a drained broker offers nothing");
  if (!takes || offers.length === limits.offersPerHeartbeatMax) return;
  const left = message.slotsFree - offers.length;
  assert(left >= 0 || offers.length === 0, "no more is offered than there are free slots");
  const room = agent.slots - agent.held.size;
  assert(left <= 0 || room <= 0 || !workFor(state, agent), "no slot is left free while a job waits");
  // Who counts more free slots than are left has not heard of an offer.
  if (left > Math.max(0, room)) assert(!isUntold, "offers are repeated");
}
