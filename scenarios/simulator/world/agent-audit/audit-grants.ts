import type { AgentInput } from "../../../../agent/core/input.ts";
import { agentLimits } from "../../../../agent/core/limits.ts";
import type { HeldLease } from "../../../../agent/core/state.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import type { HeartbeatResponse } from "../../../../protocol/messages.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";
import { assertHeldUntil, assertWatched } from "./audit-run-out.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/** What was accepted is held for as long as it was granted, and renewed; what was not granted is over. */
export function auditGrants(step: AgentStep): void {
  const { input } = step;
  if (input.type === "heartbeatAnswered" && input.outcome.ok) auditRenewed(step, input, input.outcome.value);
  else if (input.type === "acceptAnswered") auditAccepted(step, input);
}

function auditRenewed(step: AgentStep, { sentAtMs }: Of<"heartbeatAnswered">, answer: HeartbeatResponse): void {
  for (const { leaseId, expiresAt } of answer.renewed) {
    const lease = step.after.leases[leaseId];
    if (lease === undefined) continue;
    assert(lease.claimed, "what is renewed is this instance's");
    assertHeldUntil(lease, sentAtMs, expiresAt - answer.brokerTimeMs);
  }
  assertWatched(step);
}

/** A grant begins the lease, a no ends it; where nobody answered it may have been granted, and is given back. */
function auditAccepted(step: AgentStep, { leaseId, outcome }: Of<"acceptAnswered">): void {
  const { before, after } = step;
  const was = present(leaseBefore(step, leaseId), "what waits for its grant is held");
  const now = after.leases[leaseId];
  const again = effectsOf(step, "accept").length;
  if (outcome.ok) {
    if (was.stop === null) auditGranted(step, present(now, "what is granted is held"), outcome.value.expiresAt);
    else auditGivenBack(step, was, now);
    assertWatched(step);
  } else if (!outcome.retriable) {
    assert(now === undefined, "what is not granted is over");
  } else {
    const isLeaving = before.shutdown !== null || before.withdrawal !== null;
    const isOpen = !isLeaving && before.pause === null && (before.agent === "Idle" || before.agent === "Working");
    const isRepeated = isOpen && was.acceptAttempts + 1 < agentLimits.acceptAttemptsMax;
    assert(again === (isRepeated ? 1 : 0), "what was not heard is said again, a few times, while there is intake");
    if (isRepeated) assert(now?.stage === "accepting" && now.acceptAttempts === was.acceptAttempts + 1, "and counted");
    else auditGivenBack(step, was, now);
    return;
  }
  assert(again === 0, "what was answered is not said again");
}

function auditGranted(step: AgentStep, lease: HeldLease, expiresAt: number): void {
  const { before, nowMs } = step;
  const { leaseId, checkpoint } = lease;
  assert(lease.stage === "preparing", `${leaseId} is prepared once it is granted`);
  const [effect, ...more] = effectsOf(step, "prepareSandbox");
  const reference = checkpoint === null ? null : checkpoint.reference;
  assert(effect?.leaseId === leaseId && effect.checkpoint === reference && more.length === 0, "with what was saved");
  assert(isNoted(step, leaseId), "and the next instance knows of it");
  const leftMs = expiresAt - (nowMs + before.brokerAheadMs);
  assertHeldUntil(lease, nowMs, leftMs < before.timing.leaseTtlMs ? leftMs : before.timing.leaseTtlMs);
}

function auditGivenBack(step: AgentStep, { leaseId, stop }: HeldLease, now: HeldLease | undefined): void {
  const { before } = step;
  assert(effectsOf(step, "prepareSandbox").length === 0, "what is given back is not prepared");
  if (stop?.after === "forget") {
    assert(now === undefined, `${leaseId} is forgotten`);
    return;
  }
  assert(now !== undefined && isNoted(step, leaseId), `${leaseId} is given back, by the next instance if need be`);
  if (before.shutdown !== null || before.withdrawal !== null) {
    assert(now.stage === "parted", `${leaseId} is told with all others`);
    return;
  }
  assert(now.stage === "reporting" && now.report?.kind === "return", `${leaseId} is given back`);
  assert(now.reportInFlight, "at once");
}

function isNoted(step: AgentStep, leaseId: string): boolean {
  return effectsOf(step, "remember").some(({ note }) => note.key === `lease:${leaseId}` && note.value !== null);
}
