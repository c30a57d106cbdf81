import { describe, expect, test } from "vitest";

import type { ModelWorld } from "../testing/model-world.ts";
import { fenced, workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";

/** The broker answers a heartbeat as if another instance were the later one. */
function beFenced(world: ModelWorld): void {
  world.see({ type: "timer", name: "heartbeat" });
  world.pending = world.pending.filter(({ name }) => name !== "heartbeat");
  world.see({ type: "heartbeatAnswered", outcome: fenced, sentAtMs: world.nowMs });
}

/** How long the agent waits now before it enrols; null when it does not want to. */
function waitMs(world: ModelWorld): number | null {
  const dueMs = world.timers.get("enrol");
  return dueMs === undefined ? null : dueMs - world.nowMs;
}

/** The wait for the enrolment is over, and it succeeds. */
function enrolAgain(world: ModelWorld): void {
  world.nowMs = world.timers.get("enrol") ?? world.nowMs;
  world.timers.delete("enrol");
  world.see({ type: "timer", name: "enrol" });
  expect(world.pending.map(({ name }) => name)).toContain("enrol");
  world.drain();
}

describe("an instance that the broker does not heed any more", () => {
  test("enrols again after a wait, and names its leases at once, which it keeps (case 13)", () => {
    const world = workingWorld();
    beFenced(world);
    expect(world.pending).toEqual([]);
    expect(waitMs(world)).toBeGreaterThan(0);
    enrolAgain(world);
    expect(world.alive()).toEqual(["lease-1"]);
    expect([...world.broker.granted]).toEqual(["lease-1"]);
    expect(world.core.agent).toBe("Working");
  });

  test("waits longer each time when it takes turns with another one", () => {
    const world = workingWorld();
    const waits: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      beFenced(world);
      waits.push(waitMs(world) ?? 0);
      enrolAgain(world);
    }
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(-1)).toBeGreaterThanOrEqual(8_000);
  });

  test("is not kept from it by heartbeats that are fenced meanwhile, however often they come", () => {
    const world = workingWorld();
    beFenced(world);
    const dueMs = world.timers.get("enrol");
    for (let beat = 0; beat < 10; beat += 1) {
      world.nowMs += 10;
      beFenced(world);
    }
    expect(world.timers.get("enrol")).toBe(dueMs);
  });

  test("after a long time of peace waits no longer than the first time", () => {
    const world = workingWorld();
    beFenced(world);
    const firstMs = waitMs(world);
    for (let turn = 0; turn < 4; turn += 1) {
      enrolAgain(world);
      beFenced(world);
    }
    expect(waitMs(world)).toBeGreaterThan(firstMs ?? 0);
    enrolAgain(world);
    const peaceMs = world.nowMs + 600_000;
    world.goOnUntil(() => world.nowMs > peaceMs);
    beFenced(world);
    expect(waitMs(world)).toBe(firstMs);
  });

  test("does not enrol on its way out", () => {
    const world = workingWorld();
    world.see({ type: "signal", name: "SIGTERM" });
    world.see({ type: "heartbeatAnswered", outcome: fenced, sentAtMs: world.nowMs });
    expect(waitMs(world)).toBeNull();
  });
});

describe("an instance that the broker has forgotten", () => {
  /** The broker answers a heartbeat as if it had never heard of the agent; whether an enrolment was sent for that. */
  function beForgotten(world: ModelWorld): boolean {
    world.see({ type: "timer", name: "heartbeat" });
    world.pending = world.pending.filter(({ name }) => name !== "heartbeat");
    const outcome = { ok: false, code: "unknown-agent", retriable: false, message: "" } as const;
    const { effects } = apply(world.core, { type: "heartbeatAnswered", outcome, sentAtMs: world.nowMs }, world.nowMs);
    return effects.some(({ kind }) => kind === "enrol");
  }
  const failed = { ok: false, code: "internal", retriable: true, message: "" } as const;

  test("enrols at once, with one call at a time", () => {
    const world = workingWorld();
    expect(beForgotten(world)).toBe(true);
    expect(beForgotten(world)).toBe(false);
  });

  test("keeps the wait after an enrolment that failed", () => {
    const world = workingWorld();
    expect(beForgotten(world)).toBe(true);
    world.see({ type: "enrolAnswered", outcome: failed });
    const dueMs = world.timers.get("enrol");
    expect(dueMs).toBeGreaterThan(world.nowMs);
    expect(beForgotten(world)).toBe(false);
    expect(world.timers.get("enrol")).toBe(dueMs);
  });
});
