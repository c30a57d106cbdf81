import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";
import type { BrokerFailure } from "./outcome.ts";

const full: BrokerFailure = { ok: false, code: "full", retriable: true, message: "503" };
const refusable = ["upload", "complete", "return", "paused"] as const;
const minutes = 30;

test("a broker that takes nothing for half an hour hears every heartbeat in time, and all of it in the end (case 55)", () => {
  const world = workingWorld();
  const { heartbeatIntervalMs, activityTimeoutMs } = world.core.timing;
  const fromMs = world.nowMs;
  const beats = [fromMs];
  const refused = new Map<string, number>();
  // Its result is the first of what the broker does not take.
  world.jobEnds("lease-1");
  while (world.nowMs < fromMs + minutes * 60_000) {
    const [next] = world.pending;
    const name = refusable.find((one) => one === next?.name);
    if (next?.name === "heartbeat") beats.push(world.nowMs);
    if (name === undefined) {
      if (!world.happenNext()) world.fireNextTimer();
      continue;
    }
    world.pending.shift();
    refused.set(name, (refused.get(name) ?? 0) + 1);
    expect(name).toBe("complete");
    world.see({ type: "completeAnswered", leaseId: "lease-1", outcome: full });
  }
  const gaps = beats.slice(1).map((beat, index) => beat - (beats[index] ?? 0));
  expect(beats.length).toBeGreaterThan((0.8 * minutes * 60_000) / heartbeatIntervalMs);
  expect(Math.max(...gaps)).toBeLessThan(activityTimeoutMs);
  // Again and again, and never in a hurry.
  expect(refused.get("complete")).toBeGreaterThan(minutes / 2);
  expect(refused.get("complete")).toBeLessThan(4 * minutes);
  expect(world.core.shutdown).toBeNull();
  world.goOnUntil(() => world.core.leaseList.length === 0);
  expect(world.broker.granted.size).toBe(0);
});
