import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";

test("a shutdown whose time is over hands back what is only being wiped", () => {
  const world = workingWorld();
  world.see({ type: "signal", name: "SIGTERM" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "wipe"));
  expect(world.core.leaseList.map(({ stage }) => stage)).toEqual(["wiping"]);
  world.pending = world.pending.filter(({ name }) => name !== "wipe");
  world.nowMs = world.core.shutdown?.phaseEndsAtMs ?? 0;
  world.see({ type: "timer", name: "shutdown" });
  expect(world.core.shutdown?.told).toEqual(["lease-1"]);
});
