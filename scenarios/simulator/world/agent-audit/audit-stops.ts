import { agentLimits, withdrawalShares } from "../../../../agent/core/limits.ts";
import type { AgentCore, HeldLease } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** Whoever must forget a lease may not give it back; whoever parts from it tells the broker of all at once. */
const strictness = ["return", "part", "forget"] as const;

/** A lease that is stopped ends: in the time that its owner has, and with what the strictest who stopped it wanted. */
export function auditStops(step: AgentStep): void {
  for (const was of step.before.leaseList) {
    const now = step.after.leases[was.leaseId];
    if (now === undefined) auditGone(step, was);
    else auditStopped(step, was, now);
  }
  for (const { leaseId, graceMs, deadlineMs } of effectsOf(step, "terminateSandbox")) {
    const lease = step.after.leases[leaseId];
    assert(lease !== undefined, "whoever is terminated is held");
    const grace = graceOf(step, lease);
    assert(graceMs === grace, `${leaseId} has ${grace} ms between TERM and KILL, not ${graceMs}`);
    const deadline = deadlineOf(step, grace);
    assert(deadlineMs === deadline, `${leaseId} counts as broken after ${deadline} ms, not ${deadlineMs}`);
    assert(lease.endInFlight, "an end that is asked for is awaited");
  }
}

function auditGone(step: AgentStep, { leaseId }: HeldLease): void {
  const forgotten = effectsOf(step, "remember").some(
    ({ note }) => note.key === `lease:${leaseId}` && note.value === null,
  );
  const discarded = effectsOf(step, "discardCheckpoints").some((effect) => effect.leaseId === leaseId);
  assert(forgotten && discarded, "of a lease that is over nothing stays, neither in the journal nor on the disk");
}

function auditStopped(step: AgentStep, was: HeldLease, now: HeldLease): void {
  const { leaseId, stage, stop, report } = now;
  if (was.stop !== null) {
    assert(stop !== null && rankOf(stop) >= rankOf(was.stop), `${leaseId} ends as the strictest wanted it`);
  }
  if (stop?.after === "forget") assert(report === null, "what is to be forgotten is not reported");
  if (stage === "parted") assert(report === null && !now.reportInFlight, "who parts from a lease reports it with all");
  if (stage === "wiping") assert(step.after.withdrawal === null || was.stage === "wiping", "a withdrawal wipes all");
  if (was.stop === null && isEnding(was) && stop !== null)
    assert(stop.after === "forget", "a job that ended by itself was not stopped");
  const told = effectsOf(step, "terminateSandbox").some((effect) => effect.leaseId === leaseId);
  if (was.stage === "running" && stage === "ending") {
    assert(told && now.savingGeneration === null, "what is to end is ended at once");
    if (stop !== null) assert(now.execution === "killing", "what is stopped is being killed");
  }
  if (was.stage === "ending" && stage === "ending" && hurries(step)) assert(told, "who has less time ends faster");
  if (step.input.type === "timer" && step.input.name === "heartbeat" && was.stage === "broken" && !was.endInFlight)
    assert(told, "what could not be killed is tried again");
  if (parts(step)) auditParted(was, now, told);
  if (isRevoked(step, was)) assert(stop?.after === "forget", "what the broker revoked is forgotten");
}

/** The agent leaves: what is there ends now, and the broker hears of it with all others. */
function auditParted(was: HeldLease, { stage, stop, report }: HeldLease, told: boolean): void {
  if (was.stop?.after === "return" && isEnding(was) && isEnding({ stage }))
    assert(stop?.after === "part", "whoever leaves gives nothing back on its own");
  assert(stage !== "running" && stage !== "held", "whoever leaves ends everything");
  if (was.stage === "running" || was.stage === "ending") assert(told || stage !== "ending", "what is there ends now");
  if (stage === "reporting") assert(report?.kind === "complete", "whoever leaves reports results alone");
}

/** Whether the agent begins to part from its leases in this step. */
function parts({ before, after }: AgentStep): boolean {
  if (after.withdrawal !== null) {
    const was = before.withdrawal?.record.current ?? "freeze";
    const now = after.withdrawal.record.current;
    return (was === "freeze" || was === "checkpoint") && now !== "freeze" && now !== "checkpoint";
  }
  const was = before.shutdown?.phase ?? "checkpoint";
  return after.shutdown !== null && was === "checkpoint" && after.shutdown.phase !== "checkpoint";
}

function isRevoked({ input }: AgentStep, { leaseId, epoch }: HeldLease): boolean {
  if (input.type !== "brokerEvent" || input.event.event !== "lease_revoked") return false;
  return input.event.data.leaseId === leaseId && input.event.data.epoch === epoch;
}

function isEnding({ stage }: Pick<HeldLease, "stage">): boolean {
  return stage === "ending" || stage === "broken" || stage === "wiping";
}

/** Whether the time for what is being ended became shorter. */
function hurries({ before, after }: AgentStep): boolean {
  if (before.withdrawal !== null) return (after.withdrawal?.endsAtMs ?? 0) < before.withdrawal.endsAtMs;
  return before.shutdown?.level === 1 && after.shutdown?.level === 2;
}

function rankOf({ after }: NonNullable<HeldLease["stop"]>): number {
  return strictness.indexOf(after);
}

function graceOf({ after, nowMs }: AgentStep, lease: HeldLease): number {
  const { terminateGraceMs } = after.timing;
  if (lease.stop === null) return 0;
  if (after.withdrawal !== null) {
    if (lease.ownDeadlineMs <= nowMs) return 0;
    return Math.min(terminateGraceMs, allMs(after.withdrawal) * agentLimits.withdrawTerminateGraceRatio);
  }
  const mayWake = after.pause === null && (after.shutdown?.level ?? 1) === 1;
  return mayWake ? terminateGraceMs : 0;
}

function deadlineOf({ after, nowMs }: AgentStep, graceMs: number): number {
  const { withdrawal, shutdown } = after;
  if (withdrawal !== null) {
    const endsAtMs = withdrawal.sharedFromMs + allMs(withdrawal) * withdrawalShares.terminate;
    return Math.max(0, endsAtMs - nowMs);
  }
  return shutdown !== null && shutdown.level > 1 ? agentLimits.urgentNotifyMs : graceMs + agentLimits.unkillableAfterMs;
}

function allMs({ sharedFromMs, endsAtMs }: NonNullable<AgentCore["withdrawal"]>): number {
  return endsAtMs - sharedFromMs;
}
