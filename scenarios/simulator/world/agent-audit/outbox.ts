import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** Whether it was signalled to the broker that there is something to say, by whom that still matters to. */
export function assertWoken({ before, after, effects }: AgentStep, why: string): void {
  if (before.shutdown !== null || before.withdrawal !== null) return;
  assert(
    after.heartbeat.again !== null || effects.some(({ kind }) => kind === "heartbeat"),
    `the broker hears: ${why}`,
  );
}

/** Whatever was not heard is told again together, after a wait that grows from a quarter of a second to a minute. */
export function assertWaits(step: AgentStep): void {
  const { before, after } = step;
  assert(after.outboxWaits, "what was not heard waits");
  const timer = effectsOf(step, "setTimer").find(({ name }) => name === "outbox");
  if (before.outboxWaits) {
    assert(timer === undefined && after.outboxAttempts === before.outboxAttempts, "one wait is for all");
    return;
  }
  const attempt = before.outboxAttempts + 1;
  assert(after.outboxAttempts === attempt, "each attempt is counted");
  let delayMs = 250;
  for (let earlier = 1; earlier < attempt && delayMs < 60_000; earlier += 1) delayMs *= 2;
  assert(timer?.delayMs === Math.min(60_000, delayMs), `attempt ${attempt} waits its time, not ${timer?.delayMs}`);
}
