import type { AgentCore } from "../../../../agent/core/state.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import type { HeartbeatResponse } from "../../../../protocol/messages.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

type Offer = HeartbeatResponse["offers"][number];

/** What is offered is taken where there is room for it, and answered once. */
export function auditOffers(step: AgentStep): void {
  const { input } = step;
  if (input.type === "heartbeatAnswered" && input.outcome.ok) auditTaken(step, input.outcome.value.offers);
}

function auditTaken(step: AgentStep, offers: readonly Offer[]): void {
  const { before, after } = step;
  let room = roomOf(before);
  const held = new Set(before.leaseList.map(({ leaseId }) => leaseId));
  const accepted = new Map(effectsOf(step, "accept").map((effect) => [effect.leaseId, effect]));
  const declined = new Map(effectsOf(step, "decline").map((effect) => [effect.leaseId, effect]));
  let answers = accepted.size + declined.size;
  for (const { leaseId, jobId, epoch, checkpoint } of offers) {
    // It is being accepted.
    if (held.has(leaseId)) continue;
    const no = refusalOf(before, { jobId, leaseId, room, nowMs: step.nowMs });
    answers -= 1;
    if (no === null) {
      room -= 1;
      held.add(leaseId);
      assert(accepted.get(leaseId)?.epoch === epoch, `${leaseId} is taken: there is room for it`);
      const lease = present(after.leases[leaseId], "what is taken is held");
      assert(lease.stage === "accepting" && lease.claimed && lease.report === null, "and waits for its grant");
      assert(lease.checkpoint?.reference === checkpoint, "and goes on from what there is");
      assert(checkpoint === undefined || lease.checkpoint?.upload === "done", "which the broker has");
      continue;
    }
    const effect = declined.get(leaseId);
    assert(effect?.epoch === epoch, `${leaseId} is declined at once`);
    assert(effect.startFailed === no.startFailed, "and whether it is for the job that it is");
    assert(no.reason === null || effect.reason === no.reason, "and why");
    const last = after.declinedOffers.filter((one) => one.leaseId === leaseId);
    assert(last.length === 1 && last[0]?.reason === effect.reason, "and will be again, in the same words");
    assert(last[0].startFailed === effect.startFailed, "and for the same reason");
  }
  assert(answers === 0, "nothing else is answered");
  for (const job of before.unspawnableJobs) {
    const isKept = after.unspawnableJobs.includes(job);
    assert(isKept || job.untilMs <= step.nowMs, "what could not be started is kept in mind for its time");
  }
  auditMemory(step, [...declined.keys()]);
}

/** Declined offers are kept in mind in their order, the latest last, no more of them than that. */
function auditMemory({ before, after }: AgentStep, declined: readonly string[]): void {
  if (declined.length === 0) {
    assert(after.declinedOffers === before.declinedOffers, "nothing was declined");
    return;
  }
  const kept = before.declinedOffers.map(({ leaseId }) => leaseId).filter((leaseId) => !declined.includes(leaseId));
  const wanted = [...kept, ...declined].slice(-64);
  const known = after.declinedOffers.map(({ leaseId }) => leaseId);
  assert(known.join() === wanted.join(), "what was declined is kept in mind, the latest of it");
}

function roomOf({ slots, leaseList }: AgentCore): number {
  return slots - leaseList.filter(({ stage }) => stage !== "reporting" && stage !== "parted").length;
}

/** Why that offer is declined, or null; `reason` is null where more than one sentence says it. */
function refusalOf(
  { declinedOffers, unspawnableJobs, withdrawal, shutdown, pause, agent }: AgentCore,
  { jobId, leaseId, room, nowMs }: { jobId: string; leaseId: string; room: number; nowMs: number },
): { readonly startFailed: boolean; readonly reason: string | null } | null {
  const earlier = declinedOffers.find((one) => one.leaseId === leaseId);
  if (earlier !== undefined) return earlier;
  if (withdrawal !== null) return { startFailed: false, reason: "the agent is withdrawing" };
  if (shutdown !== null) return { startFailed: false, reason: "the agent is shutting down" };
  if (pause !== null) {
    return { startFailed: false, reason: pause.result === null ? "the agent is pausing" : "the agent is paused" };
  }
  if (room <= 0 || (agent !== "Idle" && agent !== "Working")) return { startFailed: false, reason: null };
  const isUnspawnable = unspawnableJobs.some((job) => job.jobId === jobId && job.untilMs > nowMs);
  return isUnspawnable ? { startFailed: true, reason: null } : null;
}
