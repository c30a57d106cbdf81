import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";

/** A world whose agent runs as many jobs as it has slots, each started so much later than the one before. */
function busyWorld({ slots, apartMs }: { slots: number; apartMs: number }): { world: ModelWorld; startedAtMs: number } {
  const world = new ModelWorld({ slots });
  world.broker.jobsQueued = 1;
  world.drain();
  const startedAtMs = world.nowMs;
  for (let job = 1; job < slots; job += 1) {
    world.nowMs += apartMs;
    world.broker.jobsQueued = 1;
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    world.drain();
  }
  expect(world.alive()).toHaveLength(slots);
  return { world, startedAtMs };
}

test("jobs that are started meanwhile do not put the checkpoints of the others off", () => {
  const { world, startedAtMs } = busyWorld({ slots: 3, apartMs: 40_000 });
  expect(world.timers.get("periodic")).toBe(startedAtMs + world.core.timing.checkpointIntervalMs);
});

test("the interval begins anew with a job that is started when no other runs", () => {
  const { world } = busyWorld({ slots: 1, apartMs: 0 });
  world.nowMs += 50_000;
  world.jobEnds("lease-1");
  world.broker.jobsQueued = 1;
  world.drain();
  expect(world.alive()).toEqual(["lease-2"]);
  expect(world.timers.get("periodic")).toBe(world.nowMs + world.core.timing.checkpointIntervalMs);
});
