import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";
import { Turn } from "./turn.ts";
import { leasesToHandBack } from "./withdrawal-steps.ts";

/** A world whose job outlives SIGKILL when its lease runs out by the agent's own clock. */
function brokenWorld(): ModelWorld {
  const world = new ModelWorld({ slots: 2, timing: { leaseTtlMs: 40_000 } });
  world.broker.jobsQueued = 1;
  world.drain();
  world.broker.up = false;
  world.goOnUntil(() => world.pending.some(({ name }) => name === "terminate"));
  world.pending = [];
  const left = [{ pid: 2, startTime: "1", command: "dd" }];
  world.see({ type: "sandboxTerminated", leaseId: "lease-1", terminated: 0, left });
  expect(Object.values(world.core.leases).map(({ stage }) => stage)).toEqual(["broken"]);
  return world;
}

test("a lease that was given up and whose process will not die is not renewed: its job goes on elsewhere (L2; case 52)", () => {
  const world = brokenWorld();
  world.core.heartbeat.inFlight = false;
  const { effects } = apply(world.core, { type: "timer", name: "heartbeat" }, world.nowMs);
  // The slot stays taken, and the broker hears so (case 52).
  const request = { slots: 2, slotsFree: 1, leases: [] };
  expect(effects.find(({ kind }) => kind === "heartbeat")).toMatchObject({ request });
});

test("what would not die is tried again, and when it is gone at last the slot is free (case 52)", () => {
  const world = brokenWorld();
  world.broker.up = true;
  world.goOnUntil(() => world.pending.some(({ name }) => name === "terminate"));
  world.drain();
  expect(world.core.leases).toEqual({});
  expect(world.core.agent).toBe("Idle");
});

test("a result whose job left such a process is handed in, though it was fenced for a moment", () => {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  world.jobEnds("lease-1");
  world.goOnUntil(() => world.pending.some(({ name }) => name === "terminate"));
  world.pending = [];
  world.see({
    type: "sandboxTerminated",
    leaseId: "lease-1",
    terminated: 0,
    left: [{ pid: 2, startTime: "1", command: "dd" }],
  });
  expect(world.pending.map(({ name }) => name)).toEqual(["complete"]);
  world.pending = [];
  const outcome = { ok: false, code: "fenced", retriable: false, message: "a later instance has enrolled" } as const;
  world.see({ type: "completeAnswered", leaseId: "lease-1", outcome });
  world.happenNext(world.pending.findIndex(({ name }) => name === "heartbeat"));
  expect(world.pending.map(({ name }) => name)).toContain("complete");
});

test("a withdrawal gives no lease back that the broker has ended, though its process will not die", () => {
  const world = workingWorld();
  const data = { leaseId: "lease-1", epoch: 1, reason: "cancelled" };
  world.see({ type: "brokerEvent", event: { event: "lease_revoked", data } });
  world.pending = [];
  const left = [{ pid: 2, startTime: "1", command: "dd" }];
  world.see({ type: "sandboxTerminated", leaseId: "lease-1", terminated: 0, left });
  expect(world.core.leases["lease-1"]).toMatchObject({ stage: "broken" });
  expect(leasesToHandBack(new Turn(world.core, { nowMs: world.nowMs, requestId: null }))).toEqual([]);
});
