import { agentLimits, withdrawalShares } from "../../../../agent/core/limits.ts";
import type { HeldLease, Withdrawal } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";
import { auditAnswer, auditOrder } from "./audit-withdrawal-answers.ts";
import { leftMs } from "./withdrawal-left.ts";

/**
 * What a withdrawal says to the broker, and what it makes of the answers: everything that is worth keeping goes first,
 * then one message about all; the report says of the key and the leases what the broker said, or that it said nothing.
 */
export function auditWithdrawalBroker(step: AgentStep): void {
  const was = step.before.withdrawal;
  const now = step.after.withdrawal;
  if (now === null) return;
  if (was !== null) {
    auditOrder(was, now);
    auditAnswer(step, was, now);
  }
  if (now.reportsSent && was?.reportsSent !== true) auditSent(step);
  for (const { handedBack, timeoutMs } of effectsOf(step, "withdraw")) {
    assert(now.record.current === "hand-back" && now.asked, "the broker is told while leases are handed back");
    assert(step.after.enrolled && step.after.hasKey, "the broker is told by whom it knows");
    assert(now.retryAtMs <= step.nowMs, "the broker is asked again after a while");
    const left = Math.max(agentLimits.retryMsMin, leftMs(step, now, withdrawalShares.broker));
    assert(timeoutMs === left, `the broker has ${left} ms to answer, not ${timeoutMs}`);
    assert(now.leasesTold === handedBack.length, "how many leases were named is remembered");
    const named = new Set(handedBack.map(({ leaseId }) => leaseId));
    for (const lease of step.after.leaseList)
      assert(
        named.has(lease.leaseId) === isOurs(lease),
        "what the broker counts as this agent's goes back, and no more",
      );
    auditSentBefore(step, now);
  }
  for (const { timeoutMs } of effectsOf(step, "probeRevocation")) {
    assert(now.record.keyRevoked === "confirmed", "what was confirmed is probed");
    const left = Math.max(agentLimits.retryMsMin, leftMs(step, now, withdrawalShares.broker));
    assert(timeoutMs === left, `the probe has ${left} ms, not ${timeoutMs}`);
  }
  if (now.claimSent && was?.claimSent !== true)
    assert(effectsOf(step, "heartbeat").length > 0, "leases of an earlier instance are claimed by a heartbeat");
  const { current } = now.record;
  if (current === "hand-back" && !now.asked) auditWaits(step, now);
  if ((current === "hand-back" || current === "revoke-key") && now.asked)
    assert(leftMs(step, now, withdrawalShares.answer) > 0, "an answer is not waited for beyond its share");
}

/** Whether the broker counts on this agent for a lease, as far as the agent knows. */
function isOurs({ stage, stop, report }: HeldLease): boolean {
  const isGranted = stage !== "accepting";
  const isOver = stop?.after === "forget" || report?.kind === "complete";
  return isGranted && !isOver;
}

/** Before the one message goes, or its time is over, whatever else the broker should have is on its way. */
function auditSentBefore(step: AgentStep, now: Withdrawal): void {
  if (leftMs(step, now, withdrawalShares.upload) <= 0) return;
  for (const lease of step.after.leaseList) {
    assert(!lease.reportInFlight && lease.checkpoint?.upload !== "inFlight", "what is on its way is awaited");
  }
  const unclaimed = step.after.leaseList.some(({ claimed }) => !claimed);
  if (unclaimed) assert(now.claimSent && !step.after.heartbeat.inFlight, "the broker knows whose leases go back");
  assert(now.reportsSent, "the broker has what it can have before it is told");
}

function auditSent({ after }: AgentStep): void {
  for (const { checkpoint, claimed, report, reportInFlight } of after.leaseList) {
    assert(checkpoint?.upload !== "waiting", "every checkpoint is sent");
    assert(report?.kind !== "complete" || reportInFlight || !claimed, "every result is sent");
  }
}

/** Whoever has neither told the broker nor given up waits for something. */
function auditWaits(step: AgentStep, now: Withdrawal): void {
  const { after, nowMs } = step;
  assert(leftMs(step, now, withdrawalShares.broker) > 0, "the broker is not waited for beyond its share");
  assert(after.hasKey && after.enrolmentSent, "nobody waits for a broker that cannot be asked");
  if (!after.enrolled) {
    assert(after.enrolCall === "inFlight" || now.retryAtMs > nowMs, "who is not known enrols first");
    return;
  }
  const sends = after.leaseList.some((lease) => lease.checkpoint?.upload === "inFlight" || lease.reportInFlight);
  const claims = after.heartbeat.inFlight && after.leaseList.some(({ claimed }) => !claimed);
  assert(sends || claims || now.retryAtMs > nowMs, "nothing is waited for that does not come");
}
