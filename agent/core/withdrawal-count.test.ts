import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";

const withdraw = { type: "control", requestId: "withdraw", request: { command: "withdraw" } } as const;

test("a withdrawal counts the leases that the broker took back, and none that had run out before it was told", () => {
  const world = workingWorld();
  world.see(withdraw);
  world.goOnUntil(() => world.pending.some(({ name }) => name === "withdraw"));
  world.broker.granted.clear();
  world.settle();
  const [report] = world.history.reports;
  expect(report).toMatchObject({ keyRevoked: "confirmed", leasesHandedBack: 0, leasesDeferred: 0 });
  expect(report?.steps.find(({ step }) => step === "hand-back")).toMatchObject({ outcome: "nothing-to-do" });
});

test("a lease that the broker took away while its job was being ended is not given back", () => {
  const world = workingWorld();
  const data = { leaseId: "lease-1", epoch: 1, reason: "it was cancelled" };
  world.see({ type: "brokerEvent", event: { event: "lease_revoked", data } });
  world.see(withdraw);
  world.goOnUntil(() => world.core.withdrawal?.record.current === "terminate" && world.alive().length === 0);
  world.goOnUntil(() => world.pending.some(({ name }) => name === "endStrays"));
  const { effects } = apply(world.core, { type: "straysEnded", terminated: 0, left: [] }, world.nowMs);
  expect(effects.find(({ kind }) => kind === "withdraw")).toMatchObject({ handedBack: [] });
});

test("a withdrawal says who would not have been seen, where that is so", () => {
  const measuredOf = (seen: { unseen?: string }): string => {
    const world = workingWorld();
    world.see(withdraw);
    world.goOnUntil(() => world.pending.some(({ name }) => name === "endStrays"));
    world.pending = world.pending.filter(({ name }) => name !== "endStrays");
    world.see({ type: "straysEnded", terminated: 1, left: [], ...seen });
    world.settle();
    return world.history.reports[0]?.steps.find(({ step }) => step === "terminate")?.measured ?? "";
  };
  expect(measuredOf({})).toMatch(/processes ended, 0 seen alive afterwards$/);
  expect(measuredOf({ unseen: "some would not" })).toMatch(/0 seen alive afterwards; some would not$/);
});

test("a lease whose directory a shutdown was wiping when the withdrawal began is given back", () => {
  const world = workingWorld();
  world.see({ type: "signal", name: "SIGTERM" });
  world.goOnUntil(() => world.core.leases["lease-1"]?.stage === "wiping");
  world.pending = world.pending.filter(({ name }) => name !== "wipe");
  world.see(withdraw);
  world.settle();
  expect(world.history.reports.map(({ leasesHandedBack }) => leasesHandedBack)).toEqual([1]);
});
