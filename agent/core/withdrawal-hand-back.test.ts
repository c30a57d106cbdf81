import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";

test("a lease whose directory a shutdown is wiping goes back with its checkpoint when a withdrawal takes over", () => {
  const world = workingWorld();
  world.see({ type: "signal", name: "SIGTERM" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "wipe"));
  expect(world.core.leaseList.map(({ stage }) => stage)).toEqual(["wiping"]);
  world.see({ type: "control", requestId: "w", request: { command: "withdraw" } });
  for (;;) {
    const other = world.pending.findIndex(({ name }) => name !== "wipe");
    if (other < 0) break;
    world.happenNext(other);
  }
  expect(world.answers.get("w")).toMatchObject({ ok: true, report: { leasesHandedBack: 1, keyRevoked: "confirmed" } });
});
