import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";

test.each([0.5, 2])(
  "a process that stood still for %d lives of a lease looks at its clock before anything else (cases 1 and 11)",
  (lives) => {
    const world = workingWorld();
    world.nowMs += lives * world.core.timing.leaseTtlMs;
    if (lives > 1) {
      // The broker has given the job to another by now.
      world.broker.granted.clear();
    }
    // Every timer that came due meanwhile fires, earliest first.
    const dueMs = world.nowMs;
    while ([...world.timers.values()].some((atMs) => atMs <= dueMs)) world.fireNextTimer();
    world.drain();
    if (lives < 1) {
      expect(world.alive()).toEqual(["lease-1"]);
      expect([...world.broker.granted]).toEqual(["lease-1"]);
      return;
    }
    expect(world.alive()).toEqual([]);
    world.goOnUntil(() => world.core.leaseList.length === 0);
    expect(world.core.agent).toBe("Idle");
    const ends = world.history.records.flatMap(({ type, data }) => (type === "agent.execution" ? [data["to"]] : []));
    expect(ends.at(-1)).toBe("killed");
  },
);
