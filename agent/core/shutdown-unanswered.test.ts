import { describe, expect, test } from "vitest";

import type { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import { agentLimits } from "./limits.ts";

const unanswered = new Set(["shutdown", "heartbeat"]);

/** Lets everything happen but that the broker answers what it is told last. */
function goOn(world: ModelWorld, until: () => boolean): void {
  for (let step = 0; !until(); step += 1) {
    expect(step, "it comes to that").toBeLessThan(500);
    const index = world.pending.findIndex(({ name }) => !unanswered.has(name));
    if (index >= 0) world.happenNext(index);
    else world.fireNextTimer();
  }
}

/** A world whose agent has ended its job for a shutdown, and waits for the broker's answer; since when. */
function tellingWorld(): { world: ModelWorld; toldAtMs: number } {
  const world = workingWorld();
  world.see({ type: "signal", name: "SIGTERM" });
  goOn(world, () => world.pending.some(({ name }) => name === "shutdown"));
  expect(world.core.shutdown).toMatchObject({ phase: "notify", told: ["lease-1"] });
  return { world, toldAtMs: world.nowMs };
}

/** What a next start makes of it: the lease goes back to a broker that did not hear of it before. */
function expectGivenBack(world: ModelWorld): void {
  expect(world.broker.granted.size).toBe(1);
  world.kill();
  world.start();
  world.goOnUntil(() => world.broker.granted.size === 0);
  expect(world.alive()).toEqual([]);
}

describe("a shutdown that the broker swallows", () => {
  test("ends after the time for it, with nothing running, and the leases go back later (case 45)", () => {
    const { world, toldAtMs } = tellingWorld();
    expect(world.alive()).toEqual([]);
    goOn(world, () => world.ending !== null);
    expect(world.ending).toEqual({ how: "shutdown" });
    expect(world.nowMs - toldAtMs).toBe(world.core.timing.shutdownTimeoutMs);
    expectGivenBack(world);
  });

  test("ends sooner after the second signal, and loses no lease by that (case 44)", () => {
    const { world, toldAtMs } = tellingWorld();
    world.nowMs += 1_000;
    world.see({ type: "signal", name: "SIGTERM" });
    expect(world.ending).toBeNull();
    goOn(world, () => world.ending !== null);
    expect(world.ending).toEqual({ how: "shutdown" });
    expect(world.nowMs - toldAtMs).toBe(1_000 + agentLimits.urgentNotifyMs);
    expectGivenBack(world);
  });

  test("ends at once after the third, and loses no lease by that either (case 44)", () => {
    const { world, toldAtMs } = tellingWorld();
    for (const _ of [2, 3]) {
      world.nowMs += 600;
      world.see({ type: "signal", name: "SIGTERM" });
    }
    expect(world.ending).toEqual({ how: "interrupted" });
    expect(world.nowMs - toldAtMs).toBe(1_200);
    expectGivenBack(world);
  });
});

describe("heartbeats of an agent that ends (case 56)", () => {
  test("stop before the broker is told, and none follows", () => {
    const { world } = tellingWorld();
    expect(world.timers.has("heartbeat")).toBe(false);
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    expect(world.pending.map(({ name }) => name)).toEqual(["shutdown"]);
    world.happenNext();
    expect(world.ending).toEqual({ how: "shutdown" });
    expect([...world.timers.keys()]).toEqual([]);
  });

  test("keep nobody waiting: one that is not answered does not delay the end", () => {
    const world = workingWorld();
    world.see({ type: "timer", name: "heartbeat" });
    expect(world.pending.map(({ name }) => name)).toContain("heartbeat");
    const askedAtMs = world.nowMs;
    world.see({ type: "signal", name: "SIGTERM" });
    goOn(world, () => world.pending.some(({ name }) => name === "shutdown"));
    world.happenNext(world.pending.findIndex(({ name }) => name === "shutdown"));
    expect(world.ending).toEqual({ how: "shutdown" });
    expect(world.nowMs).toBe(askedAtMs);
  });

  test("stop with a withdrawal too", () => {
    const world = workingWorld();
    world.see({ type: "control", requestId: "w", request: { command: "withdraw" } });
    world.goOnUntil(() => world.pending.some(({ name }) => name === "withdraw"));
    expect(world.timers.has("heartbeat")).toBe(false);
    world.settle();
    expect(world.ending).toEqual({ how: "withdrawn", clean: true });
    expect([...world.timers.keys()]).toEqual([]);
  });
});
