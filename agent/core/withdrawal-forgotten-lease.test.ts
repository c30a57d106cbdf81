import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";

test("a lease that the broker took away while its job was being ended is not counted as handed back", () => {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  const data = { leaseId: "lease-1", epoch: 1, reason: "it was cancelled" };
  world.broker.granted.delete("lease-1");
  world.see({ type: "brokerEvent", event: { event: "lease_revoked", data } });
  world.see({ type: "control", requestId: "withdraw", request: { command: "withdraw" } });
  world.settle();
  expect(world.history.reports.map(({ leasesHandedBack }) => leasesHandedBack)).toEqual([0]);
});

test("a lease whose directory is still being wiped is handed back", () => {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  world.see({ type: "signal", name: "SIGTERM" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "wipe"));
  world.see({ type: "control", requestId: "withdraw", request: { command: "withdraw" } });
  for (let step = 0; step < 100 && world.pending.some(({ name }) => name !== "wipe"); step += 1)
    world.happenNext(world.pending.findIndex(({ name }) => name !== "wipe"));
  expect(world.history.reports.map(({ leasesHandedBack }) => leasesHandedBack)).toEqual([1]);
});
