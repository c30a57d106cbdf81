import { assert, present } from "../../foundation/assert.ts";
import { limits } from "../../foundation/limits.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { HeartbeatRequest, HeartbeatResponse, Lease, LeaseStatus } from "../../protocol/messages.ts";
import { brokerLimits } from "./broker-limits.ts";
import { admit } from "./callers.ts";
import { takeBackOffers } from "./enrolment.ts";
import { offerJob, openOffer, redeliverJob } from "./grants.ts";
import { type BrokerInput, type BrokerResponse, refuse } from "./inputs.ts";
import type { KnownAgent } from "./known-agent.ts";
import type { JobRecord } from "./records.ts";
import { type Turn, persistAgent, persistJob, record } from "./turn.ts";
import { hasWorkFor, isFor } from "./unstartable.ts";
import { renewHunger, takesWork } from "./work-hints.ts";

/** Takes note of an agent, renews what it names and holds, and offers it work for its free slots (WC-1). */
export function heartbeat(turn: Turn, { caller, message }: BrokerInput<"heartbeat">): BrokerResponse<"heartbeat"> {
  const admitted = admit(turn.state, caller);
  if (!admitted.ok) return admitted;
  const { agent } = admitted;
  if (agent.standing === "shutdown") {
    return refuse("fenced", "This instance has shut down; a later one enrols to go on.");
  }
  noteAgent(turn, agent, message);
  const renewed: HeartbeatResponse["renewed"] = [];
  const lost: HeartbeatResponse["lost"] = [];
  const { held } = agent;
  for (const status of message.leases) {
    const { leaseId, epoch } = status;
    const job = held.get(leaseId);
    if (job?.grant?.epoch !== epoch) {
      lost.push({ leaseId, reason: whyLost(turn, status) });
    } else if (job.state === "leased") {
      renewed.push({ leaseId, expiresAt: renew(turn, agent, { job, progress: status.progress }) });
    }
    // An offer named here is being accepted at this moment; that call decides.
  }
  releaseUnclaimed(turn, agent);
  let offers: Lease[] = [];
  if (takesWork(agent.state)) {
    // Whatever ended just now it counts already.
    agent.slotsFree = Math.min(message.slotsFree, message.slots);
    offers = offerWork(turn, agent);
  } else {
    takeBackOffers(turn, agent);
    agent.slotsFree = 0;
  }
  renewHunger(turn, agent);
  const { agentId, state, slotsFree } = agent;
  const { instanceId } = caller;
  record(turn, "broker.heartbeat", {
    agentId,
    instanceId,
    state,
    slotsFree: message.slotsFree,
    offers: offers.length,
    heardAt: turn.nowMs,
  });
  assert(slotsFree >= 0, "an agent has no negative number of free slots");
  return { ok: true, answer: { brokerTimeMs: turn.nowMs, offers, renewed, lost } };
}

function noteAgent(turn: Turn, agent: KnownAgent, message: HeartbeatRequest): void {
  if (agent.standing === "lost") {
    sometimes("a lost agent came back");
    agent.standing = "active";
    agent.lostAt = null;
    // Whoever is active has an alarm already, no later than its last sign of life allows.
    turn.state.alarms.ensureAgent(agent, turn.nowMs + turn.state.timing.activityTimeoutMs);
    persistAgent(turn, agent);
    record(turn, "broker.agent", { agentId: agent.agentId, standing: "active", reason: "it sent a heartbeat again" });
  }
  // Its slots it names at its enrolment, too.
  if (agent.state !== message.state) persistAgent(turn, agent);
  agent.lastSeenAt = turn.nowMs;
  agent.state = message.state;
  agent.slots = message.slots;
  agent.resources = message.resources;
}

/** Renews one lease that the agent names and holds; returns until when. */
function renew(turn: Turn, agent: KnownAgent, { job, progress }: { job: JobRecord; progress: number }): number {
  const grant = present(job.grant, "a leased job has a grant");
  assert(grant.expiresAt > turn.nowMs, "a lease that has expired was released before");
  grant.expiresAt = turn.nowMs + turn.state.timing.leaseTtlMs;
  job.progress = progress;
  if (grant.instanceId !== agent.instanceId) {
    grant.instanceId = agent.instanceId;
    persistJob(turn, job);
  }
  return grant.expiresAt;
}

/** Why a lease that the agent names is not its own. An expired one stays expired (docs/cases.md, case 2). */
function whyLost(turn: Turn, { jobId, epoch }: LeaseStatus): string {
  const job = turn.state.jobs.get(jobId);
  if (job === undefined) return "this broker knows no such lease";
  const leap = epoch - job.epoch;
  if (leap > 0 && leap <= brokerLimits.epochLeapMax) {
    sometimes("the store had forgotten a grant, and the epoch leapt");
    // The store forgot this grant (it was restored from a backup). The next one must still be larger (I1).
    job.epoch = epoch;
    persistJob(turn, job);
  }
  if (job.grant !== null) sometimes("a renewal was refused because the job was granted again");
  if (job.state === "queued") sometimes("a renewal was refused because the lease was over");
  return `the lease of epoch ${epoch} is over; the job is ${job.state}, and its epoch ${job.epoch}`;
}

/** Leases of an earlier instance that this one does not know: they died with that process. */
function releaseUnclaimed(turn: Turn, agent: KnownAgent): void {
  // Offers of an earlier instance were taken back when this one enrolled.
  if (agent.held.size === 0) return;
  const unclaimed = [...agent.held.values()].filter(({ grant }) => grant?.instanceId !== agent.instanceId);
  for (const job of unclaimed.reverse()) {
    sometimes("a later instance did not know a lease of the one before");
    redeliverJob(turn, job, {
      how: "agent-lost",
      reason: "the agent was started anew and does not hold the lease any more",
    });
  }
}

function offerWork(turn: Turn, agent: KnownAgent): Lease[] {
  const { state } = turn;
  if (state.drained !== null) return withholdWork(turn, agent);
  const offers = repeatOffers(agent);
  agent.slotsFree -= offers.length;
  agent.forgetUnstartable(turn.nowMs);
  const hasRoom = (): boolean =>
    offers.length < limits.offersPerHeartbeatMax && agent.slotsFree > 0 && agent.held.size < agent.slots;
  while (hasRoom() && hasWorkFor(state, agent)) {
    const jobId = state.queue.take((queued) => isFor(state, agent, queued));
    const job = state.jobs.get(present(jobId, "a job that is for the agent is queued"));
    offers.push(offerJob(turn, present(job, "a queued job is known"), agent));
  }
  return offers;
}

/**
 * A drained broker makes no offers. Nor does it repeat one that was not heard: that would begin a job with somebody who
 * is being sent away. It lapses as any other does that nobody answers, and its job waits for the next start.
 */
function withholdWork({ state }: Turn, agent: KnownAgent): Lease[] {
  if (agent.slotsFree > 0 && hasWorkFor(state, agent)) sometimes("a drained broker had work for an agent that asked");
  if (unheardOffers(agent).length > 0) sometimes("a drained broker did not make an unheard offer again");
  return [];
}

/** They are made again as they are, instead of lying there until they lapse (docs/cases.md, case 6). */
function repeatOffers(agent: KnownAgent): Lease[] {
  const unheard = unheardOffers(agent);
  if (unheard.length > 0) sometimes("an offer was made again because its answer was lost");
  return unheard.map(openOffer);
}

/**
 * An agent that counts more free slots than the broker does has not heard of that many offers: the answer that held
 * them was lost.
 */
function unheardOffers(agent: KnownAgent): JobRecord[] {
  const unheard = agent.slotsFree - Math.max(0, agent.slots - agent.held.size);
  if (unheard <= 0) return [];
  const open = [...agent.held.values()].filter((job) => job.state === "offered");
  return open.slice(0, Math.min(unheard, limits.offersPerHeartbeatMax));
}
