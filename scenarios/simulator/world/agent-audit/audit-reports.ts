import type { AgentInput } from "../../../../agent/core/input.ts";
import type { AgentCore, HeldLease, LeaseStage } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, leaseBefore } from "./agent-step.ts";
import { assertTold } from "./hand-back.ts";
import { assertWoken, assertWaits } from "./outbox.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/** Where the processes of a lease are no longer in the way of its report. */
const ended: readonly LeaseStage[] = ["wiping", "reporting", "broken"];

/** What ended here is reported until the broker has heard of it, after what was saved has been brought to it. */
export function auditReports(step: AgentStep): void {
  const { input } = step;
  auditSent(step);
  if (input.type === "completeAnswered" || input.type === "returnAnswered") auditAnswer(step, input);
}

function auditSent(step: AgentStep): void {
  const { before, after, effects } = step;
  for (const effect of effects) {
    if (effect.kind !== "complete" && effect.kind !== "returnLease") continue;
    const leaseId = effect.kind === "complete" ? effect.leaseId : effect.handBack.leaseId;
    const lease = after.leases[leaseId];
    // What was told when the broker came back may be lost by what it says then, or parted from in the same turn.
    if (lease === undefined || lease.stage === "parted") {
      assert(leaseBefore(step, leaseId)?.stage === "reporting", "who is reported on is held");
      continue;
    }
    if (lease.stop?.after === "forget") continue;
    assert(lease.claimed && lease.reportInFlight, `${leaseId} is reported as its holder, and the answer awaited`);
    const { report } = lease;
    if (effect.kind === "complete") {
      assert(report?.kind === "complete" && report.body === effect.body, `the result of ${leaseId} is told`);
      continue;
    }
    assert(before.withdrawal === null, "a withdrawal gives everything back at once");
    const upload = lease.checkpoint?.upload;
    assert(upload !== "waiting" && upload !== "inFlight", `${leaseId} goes back after what was saved of it`);
    assert(report?.kind === "return" && report.reason === effect.reason, `${leaseId} is told to go back, and why`);
    assert(effect.startFailed === lease.startFailed && effect.agentDied === lease.agentDied, "and what was in its way");
    assertTold([lease], [effect.handBack]);
  }
  const flushes = isTimer(step, "outbox") || (after.brokerReachable && !before.brokerReachable);
  if (isTimer(step, "outbox")) assert(!after.outboxWaits, "that wait is over");
  for (const lease of after.leaseList) {
    if (lease.report === null) continue;
    const was = leaseBefore(step, lease.leaseId);
    if (was !== null && lease.reportInFlight && !was.reportInFlight)
      assert(isSent(step, lease), "what is told is sent");
    const isNew = was?.report !== lease.report || !ended.includes(was.stage) || (lease.claimed && !was.claimed);
    if ((!isNew && !flushes) || !ended.includes(lease.stage)) continue;
    if (was?.report === null && was.stage === "broken") continue;
    if (flushes && answersIt(step, lease)) continue;
    assertUnderWay(after, lease);
  }
}

function isTimer({ input }: AgentStep, name: Of<"timer">["name"]): boolean {
  return input.type === "timer" && input.name === name;
}

/** What was answered in this turn waits for its time again, whatever else was sent. */
function answersIt({ input }: AgentStep, { leaseId }: HeldLease): boolean {
  return "leaseId" in input && input.leaseId === leaseId;
}

function isSent({ effects }: AgentStep, { leaseId }: HeldLease): boolean {
  return effects.some(
    (effect) =>
      (effect.kind === "complete" && effect.leaseId === leaseId) ||
      (effect.kind === "returnLease" && effect.handBack.leaseId === leaseId),
  );
}

/** Whatever can be told is on its way; what goes back follows its checkpoint. */
function assertUnderWay({ withdrawal }: AgentCore, lease: HeldLease): void {
  const { leaseId, report, claimed, checkpoint, reportInFlight } = lease;
  if (!claimed || reportInFlight || (report?.kind === "return" && withdrawal !== null)) return;
  assert(report?.kind === "return" && checkpoint?.upload === "inFlight", `the report on ${leaseId} is on its way`);
}

/** For now no: all that waits is told again after a while that grows. For good: nothing of it is left to tell. */
function auditAnswer(step: AgentStep, { leaseId, outcome }: Of<"completeAnswered" | "returnAnswered">): void {
  const { after } = step;
  const was = leaseBefore(step, leaseId);
  const now = after.leases[leaseId];
  if (was === null || !was.reportInFlight) {
    assert(now?.report === (was?.report ?? undefined) || now?.report === null, "an answer that nobody awaits is none");
    return;
  }
  if (!outcome.ok && outcome.retriable) {
    assertWaits(step);
    assert(now === undefined || now.report === was.report, "what was not heard is told again");
    assert(now === undefined || !now.reportInFlight, "and not awaited until then");
    return;
  }
  assert(!after.outboxWaits && after.outboxAttempts === 0, "who is answered waits no longer than at first");
  if (!outcome.ok && outcome.code === "fenced") {
    assert(now?.claimed === false && !now.reportInFlight, "what is fenced is claimed anew before it is told again");
    assert(now.report === was.report, "and told again then");
    assertWoken(step, "a report was fenced");
    return;
  }
  assert(now === undefined || now.report === null, "what was told is told once");
  assert((now === undefined) === (was.stage === "reporting"), `${leaseId} is over when its place is empty too`);
  if (now !== undefined) assert(now.stage === was.stage && !now.reportInFlight, "and its place is emptied until then");
  const asks = was.report?.kind === "return" && hasRoom(after);
  if (asks) assertWoken(step, "there is room for what nobody hints at");
  else if (!step.before.brokerReachable === !after.brokerReachable) {
    assert(!step.effects.some(({ kind }) => kind === "heartbeat"), "who has no room asks for nothing");
  }
}

function hasRoom({ agent, slots, leaseList, pause }: AgentCore): boolean {
  if (pause !== null || (agent !== "Idle" && agent !== "Working")) return false;
  return leaseList.filter(({ stage }) => stage !== "reporting" && stage !== "parted").length < slots;
}
