import type { HeldLease, LeaseStage } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import type { AgentStep } from "./agent-step.ts";

/** Who can lose a lease by its own clock: it was granted, and its end has not begun. */
const timed: readonly LeaseStage[] = ["preparing", "held", "spawning", "running"];

/** Whose time is over by its own clock is stopped, and nobody else. */
export function auditRunOut(step: AgentStep): void {
  if (step.input.type !== "timer" || step.input.name !== "leases") return;
  const isLeaving = step.before.shutdown !== null || step.before.withdrawal !== null;
  for (const { leaseId, stage, ownDeadlineMs, stop } of step.before.leaseList) {
    const now = step.after.leases[leaseId];
    const isOver = timed.includes(stage) && ownDeadlineMs <= step.nowMs;
    if (isOver) assert(now === undefined || now.stop !== null, `${leaseId} is given up when its time is over`);
    else if (!isLeaving) assert(now !== undefined && now.stop === stop, `${leaseId} is not given up before its time`);
  }
  assertWatched(step);
}

/** A lease is given up a tenth before its end, but at least ten seconds and at most a fifth of it before. */
export function assertHeldUntil({ leaseId, ownDeadlineMs }: HeldLease, fromMs: number, ttlMs: number): void {
  const marginMs = Math.min(ttlMs / 5, Math.max(10_000, ttlMs / 10));
  const offMs = Math.abs(ownDeadlineMs - (fromMs + ttlMs - marginMs));
  assert(offMs < 1, `${leaseId} is held for its time, and ${offMs} ms more or less`);
}

/** Who runs out first is looked at then. */
export function assertWatched(step: AgentStep): void {
  const { before, after, nowMs } = step;
  if (before.shutdown !== null || before.withdrawal !== null) return;
  const ends = after.leaseList.filter(({ stage, stop }) => timed.includes(stage) && stop === null);
  const last = step.effects.findLast(
    (effect) => (effect.kind === "setTimer" || effect.kind === "clearTimer") && effect.name === "leases",
  );
  if (ends.length === 0) {
    assert(last?.kind === "clearTimer", "nobody's time runs out");
    return;
  }
  const firstMs = Math.max(0, Math.min(...ends.map(({ ownDeadlineMs }) => ownDeadlineMs)) - nowMs);
  assert(last?.kind === "setTimer" && last.delayMs === firstMs, `the next runs out in ${firstMs} ms`);
}
