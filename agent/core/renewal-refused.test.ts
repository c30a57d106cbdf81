import { describe, expect, test } from "vitest";

import type { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import type { BrokerFailure } from "./outcome.ts";

const failing: BrokerFailure = { ok: false, code: "internal", retriable: true, message: "500" };
const unknown: BrokerFailure = { ok: false, code: "unknown-agent", retriable: false, message: "404" };
const minuteMs = 60_000;
const stepsMax = 1_000;

/** For so long every heartbeat is answered with that refusal, and everything else goes on; returns how many were. */
function refuseHeartbeats(world: ModelWorld, refusal: BrokerFailure, forMs: number): number {
  const untilMs = world.nowMs + forMs;
  let refused = 0;
  for (let step = 0; world.nowMs < untilMs; step += 1) {
    expect(step, "time goes by between two calls").toBeLessThan(stepsMax);
    const index = world.pending.findIndex(({ name }) => name === "heartbeat");
    if (index >= 0) {
      world.pending.splice(index, 1);
      refused += 1;
      world.see({ type: "heartbeatAnswered", outcome: refusal, sentAtMs: world.nowMs });
    } else if (!world.happenNext()) world.fireNextTimer();
  }
  return refused;
}

describe("renewals that are answered with 500 for ten minutes, and then with 404 (case 12)", () => {
  test("stop the job before its lease ends at the broker, and the agent goes on asking", () => {
    const world = workingWorld();
    const { leaseTtlMs } = world.core.timing;
    const grantedAtMs = world.nowMs;
    expect(refuseHeartbeats(world, failing, leaseTtlMs - 10_000)).toBeGreaterThan(5);
    expect(world.alive()).toEqual([]);
    expect(world.nowMs - grantedAtMs).toBeLessThanOrEqual(leaseTtlMs);
    expect(refuseHeartbeats(world, failing, 10 * minuteMs - world.nowMs + grantedAtMs)).toBeGreaterThan(5);
    // Now it is forgotten: it enrols anew, and is heeded again.
    refuseHeartbeats(world, unknown, 1);
    world.goOnUntil(() => world.core.agent === "Idle" && world.core.leaseList.length === 0);
    world.broker.jobsQueued = 1;
    world.goOnUntil(() => world.alive().length === 1);
  });

  test("do not make the agent enrol at full speed, though each enrolment is taken", () => {
    const world = workingWorld();
    const wakes = (): number =>
      world.history.records.filter(({ type, data }) => type === "agent.woke" && data["cause"] === "enrolled").length;
    const before = wakes();
    refuseHeartbeats(world, unknown, 10 * minuteMs);
    expect(wakes() - before).toBeGreaterThan(5);
    expect(wakes() - before).toBeLessThan(30);
  });

  test("keep the job running while its lease lives, and stop it when the broker has forgotten that", () => {
    const world = workingWorld();
    refuseHeartbeats(world, failing, minuteMs);
    expect(world.alive()).toEqual(["lease-1"]);
    world.broker.granted.clear();
    refuseHeartbeats(world, unknown, 1);
    world.goOnUntil(() => world.alive().length === 0);
    world.goOnUntil(() => world.core.leaseList.length === 0);
    // Nothing of it is reported: the broker has another holder by now, or none.
    expect(world.pending.map(({ name }) => name)).not.toContain("complete");
  });
});
