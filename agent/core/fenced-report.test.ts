import { describe, expect, test } from "vitest";

import type { ModelWorld } from "../testing/model-world.ts";
import { fenced, workingWorld } from "../testing/working-world.ts";

/** The broker heeds another instance when that call arrives, and when the heartbeat does that follows from it. */
function beFenced(world: ModelWorld, call: "complete" | "paused"): void {
  world.goOnUntil(() => world.pending.some(({ name }) => name === call));
  world.pending = world.pending.filter(({ name }) => name !== call);
  if (call === "complete") world.see({ type: "completeAnswered", leaseId: "lease-1", outcome: fenced });
  else world.see({ type: "pausedAnswered", generation: world.core.freezeGeneration, outcome: fenced });
  world.see({ type: "timer", name: "heartbeat" });
  world.pending = world.pending.filter(({ name }) => name !== "heartbeat");
  world.see({ type: "heartbeatAnswered", outcome: fenced, sentAtMs: world.nowMs });
}

describe("a result that is fenced", () => {
  test("because the broker heeds another instance is kept, and handed in once it heeds this one again", () => {
    const world = workingWorld();
    world.jobEnds("lease-1");
    beFenced(world, "complete");
    expect(world.notes.get("lease:lease-1")).toMatchObject({ report: { outcome: "completed" } });
    const happened: string[] = [];
    world.goOnUntil(() => {
      happened.push(world.pending[0]?.name ?? "timer");
      return Object.keys(world.core.leases).length === 0;
    });
    expect(happened).toContain("complete");
    expect(world.broker.granted.size).toBe(0);
  });

  test("because the lease is lost is dropped as soon as a heartbeat has confirmed that", () => {
    const world = workingWorld();
    world.jobEnds("lease-1");
    world.goOnUntil(() => world.pending.some(({ name }) => name === "complete"));
    world.broker.granted.clear();
    world.drain();
    expect(world.core.leases).toEqual({});
    expect(world.notes.has("lease:lease-1")).toBe(false);
    expect(world.core.agent).toBe("Idle");
  });

  test("was answered: what fails next does not wait as if nobody had been heard", () => {
    const world = workingWorld();
    world.jobEnds("lease-1");
    world.goOnUntil(() => world.pending.some(({ name }) => name === "complete"));
    world.core.outboxAttempts = 7;
    world.see({ type: "completeAnswered", leaseId: "lease-1", outcome: fenced });
    expect(world.core.outboxAttempts).toBe(0);
  });

  test("is not sent again and again while nobody knows why", () => {
    const world = workingWorld();
    world.jobEnds("lease-1");
    beFenced(world, "complete");
    world.see({ type: "timer", name: "outbox" });
    expect(world.pending.map(({ name }) => name)).not.toContain("complete");
  });
});

test("a pause whose acknowledgement was fenced is acknowledged once the broker heeds this instance again", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "p", request: { command: "pause" } });
  beFenced(world, "paused");
  expect(world.core.pause?.acknowledgement).toBe("waiting");
  world.goOnUntil(() => world.core.pause?.acknowledgement === "done");
  expect(world.core.agent).toBe("Paused");
});
