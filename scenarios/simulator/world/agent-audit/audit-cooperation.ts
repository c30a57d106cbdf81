import type { Cooperation, HeldLease } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { cooperationWaitMsMax } from "../../../../protocol/cooperative-checkpoint.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** Jobs that put their files in order before a freeze: each that runs and wants to is asked once, and awaited in measure. */
export function auditCooperation(step: AgentStep): void {
  const was = step.before.cooperation;
  const now = step.after.cooperation;
  if (was === null && now === null) return;
  if (was === null && now !== null) auditAsked(step, now);
  if (was !== null) auditAnswered(step, was);
  if (now !== null) auditAwaited(step, was, now);
}

function auditAsked(step: AgentStep, now: Cooperation): void {
  const asked = effectsOf(step, "askCooperation");
  assert(now.askedAtMs === step.nowMs && step.after.freeze === null, "jobs are asked before the freeze");
  assert(now.generation === step.after.freezeGeneration + 1, "jobs are asked for the freeze that comes next");
  for (const lease of step.after.leaseList) {
    const wants = lease.stage === "running" ? lease.job?.checkpoint?.cooperative : undefined;
    const question = asked.filter(({ leaseId }) => leaseId === lease.leaseId);
    assert(question.length === (wants === undefined ? 0 : 1), `${lease.leaseId} is asked if it runs and wants to be`);
    const awaited = now.waiting.find(({ leaseId }) => leaseId === lease.leaseId);
    assert((awaited === undefined) === (wants === undefined), "whoever is asked is awaited");
    if (awaited === undefined || wants === undefined) continue;
    const waitMs = awaited.endsAtMs - step.nowMs;
    assert(waitMs > 0 && waitMs <= wants.waitMs, `${lease.leaseId} is awaited no longer than it wants`);
    if (now.purpose === "shutdown")
      assert(waitMs === Math.min(wants.waitMs, cooperationWaitMsMax), "a shutdown waits as long as it may");
  }
}

/** An answer counts while it is awaited, and only from a job that still runs. */
function auditAnswered(step: AgentStep, was: Cooperation): void {
  const { after, input } = step;
  if (input.type !== "cooperated") return;
  const { leaseId, generation, answer } = input;
  const lease = after.leases[leaseId];
  const isAwaited = was.waiting.some((one) => one.leaseId === leaseId) && was.generation === generation;
  const counts = isAwaited && lease?.stage === "running";
  const told = effectsOf(step, "record").filter(({ type }) => type === "agent.cooperation");
  const own = told.filter(
    ({ data }) => "leaseId" in data && data.leaseId === leaseId && "stage" in data && data.stage === answer,
  );
  assert(own.length === (counts ? 1 : 0), "an answer is told when it counts");
  if (counts && answer === "ready") assert(lease.readyGeneration === generation, "who is ready is saved as ready");
  if (after.cooperation !== null)
    assert(
      !counts || after.cooperation.waiting.every((one) => one.leaseId !== leaseId),
      "who answered is awaited no more",
    );
}

/** The freeze follows as soon as nobody is awaited, and no later than the longest may take. */
function auditAwaited(step: AgentStep, was: Cooperation | null, now: Cooperation): void {
  const { after, nowMs } = step;
  const mayStillAnswer = now.waiting.some(
    ({ leaseId, endsAtMs }) => endsAtMs > nowMs && isRunning(after.leases[leaseId]),
  );
  assert(mayStillAnswer, "a freeze waits for nobody who will not answer");
  if (was !== null && was.purpose !== now.purpose) {
    for (const { leaseId, endsAtMs } of now.waiting) {
      const before = was.waiting.find((one) => one.leaseId === leaseId);
      assert(before !== undefined && endsAtMs >= before.endsAtMs, "who was asked before is awaited as long as before");
      const wants = after.leases[leaseId]?.job?.checkpoint?.cooperative;
      const longest = now.askedAtMs + Math.min(wants?.waitMs ?? 0, cooperationWaitMsMax);
      assert(endsAtMs >= longest, "a shutdown waits as long as it may");
    }
    assert(now.askedAtMs === was.askedAtMs && now.generation === was.generation, "nobody is asked twice");
  }
  const timer = effectsOf(step, "setTimer").findLast(({ name }) => name === "cooperation");
  const isNew = was === null || was.purpose !== now.purpose || was.waiting.length !== now.waiting.length;
  assert(timer !== undefined || !isNew, "whoever waits looks again when the time is over");
  if (timer === undefined) return;
  const endsAtMs = Math.max(nowMs, ...now.waiting.map((one) => one.endsAtMs));
  assert(timer.delayMs === endsAtMs - nowMs, "the longest wait is waited for");
}

function isRunning(lease: HeldLease | undefined): boolean {
  return lease?.stage === "running";
}
