import { agentLimits } from "../../../../agent/core/limits.ts";
import type { HeldLease, Shutdown } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";
import { auditPhases } from "./audit-shutdown-phases.ts";

/** What has no business any more once a shutdown has begun. */
const otherTimers = ["snapshot", "periodic", "quiet", "acknowledge", "enrol"] as const;

/** A shutdown goes through its phases one after the other, each no longer than it may take, and ends once. */
export function auditShutdown(step: AgentStep): void {
  const { before, after } = step;
  // A withdrawal takes a shutdown over, and hears the signals itself.
  if (after.shutdown === null || after.withdrawal !== null) return;
  if (before.shutdown === null) {
    auditBegin(step, after.shutdown);
    return;
  }
  if (step.input.type === "signal") auditSignal(step, before.shutdown, after.shutdown);
  else assert(after.shutdown.level === before.shutdown.level, "nobody but a signal hurries a shutdown");
  if (after.shutdown.level === 3) return;
  auditPhases(step, before.shutdown, after.shutdown);
  if (step.input.type === "shutdownAnswered") auditAnswered(step, step.input, after.shutdown);
}

function auditBegin(step: AgentStep, { level, lastSignalAtMs, phase, phaseEndsAtMs, told }: Shutdown): void {
  const { before, after, nowMs } = step;
  assert(level === 1 && lastSignalAtMs === nowMs && told.length === 0, "a shutdown begins in peace, and told nobody");
  const forMs = agentLimits.snapshotGiveUpMs;
  assert(phase === "checkpoint" && phaseEndsAtMs === nowMs + forMs, "it begins with the snapshots");
  assertWakes(step, forMs);
  const cleared = effectsOf(step, "clearTimer").map(({ name }) => name);
  assert(
    otherTimers.every((name) => cleared.includes(name)),
    "who shuts down waits for nothing else",
  );
  auditWait(step);
  for (const { leaseId, spawnedInBoot } of before.leaseList) {
    assert(after.leases[leaseId]?.spawnedInBoot === null, "no job is to blame for a shutdown");
    const isNoted = effectsOf(step, "remember").some(({ note }) => note.key === `lease:${leaseId}`);
    assert(isNoted === (spawnedInBoot !== null), `${leaseId}: that is written down, of those that ran`);
  }
  const answered = effectsOf(step, "answer").map(({ requestId }) => requestId);
  assert(before.pause?.waiting.every((id) => answered.includes(id)) !== false, "who waits for a pause is told");
  assert((after.pause?.waiting.length ?? 0) === 0, "nobody waits for a pause that will not come to be");
}

/** The freeze comes at once, or as soon as those jobs have put their files in order that can. */
function auditWait({ before, after, effects }: AgentStep): void {
  const { cooperation, freeze } = after;
  const isAsked = before.freeze === null && before.cooperation === null && before.leaseList.some(cooperates);
  if (isAsked || cooperation !== null) {
    assert(before.freeze === null && cooperation?.purpose === "shutdown", "who can put its files in order may do so");
    return;
  }
  assert(freeze?.purpose === "shutdown" && freeze.freezeMs === null, "who shuts down freezes what it runs");
  assert(effects[0]?.kind === "freezeAll" || before.cooperation !== null, "nothing comes before that freeze");
}

function cooperates({ stage, job }: HeldLease): boolean {
  return stage === "running" && job?.checkpoint?.cooperative !== undefined;
}

function auditSignal(step: AgentStep, was: Shutdown, now: Shutdown): void {
  const { before, after, effects, nowMs } = step;
  const sinceMs = nowMs - was.lastSignalAtMs;
  if (now.level === was.level) {
    // While everything is being stopped no signal is heard.
    const deafMs = before.freeze === null ? 0 : (before.freeze.frozenAtMs ?? 0) - before.freeze.triggeredAtMs;
    assert(sinceMs - Math.max(0, deafMs) < agentLimits.signalRepeatMs, "another signal hurries a shutdown");
    assert(now.lastSignalAtMs === was.lastSignalAtMs, "a signal that is repeated is the one before");
    return;
  }
  assert(now.level === was.level + 1 && now.lastSignalAtMs === nowMs, "a signal hurries by one level");
  assert(sinceMs >= agentLimits.signalRepeatMs, "a signal that is repeated at once hurries nobody");
  if (before.cooperation !== null) {
    assert(effects[0]?.kind === "freezeAll" && after.cooperation === null, "who hurries waits for no job");
  }
  const ends = effectsOf(step, "exit").map(({ ending }) => ending.how);
  if (now.level === 3) {
    assert(ends.length === 1 && ends[0] === "interrupted", "the third signal ends at once");
    return;
  }
  assertWakes(step, was.phase === "checkpoint" ? 0 : agentLimits.urgentNotifyMs);
}

/** The first that it is set to in this turn. */
function assertWakes(step: AgentStep, delayMs: number): void {
  const timer = effectsOf(step, "setTimer").find(({ name }) => name === "shutdown");
  assert(timer?.delayMs === delayMs, `a shutdown goes on after ${delayMs} ms, not ${timer?.delayMs}`);
}

/** Who was told of is over once the broker has answered; all others go back at the next start. */
function auditAnswered(
  step: AgentStep,
  { outcome: { ok } }: Extract<AgentStep["input"], { type: "shutdownAnswered" }>,
  { told }: Shutdown,
): void {
  for (const { leaseId } of step.before.leaseList) {
    const isGone = step.after.leases[leaseId] === undefined;
    assert(isGone === (ok && told.includes(leaseId)), `${leaseId} is over when the broker has taken it back`);
    assert(leaseBefore(step, leaseId)?.stage !== "running", "nothing runs when the broker is told");
  }
}
