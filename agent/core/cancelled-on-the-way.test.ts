import { describe, expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";

/** The broker takes the lease back: its job is cancelled. */
function revoke(world: ModelWorld): void {
  world.broker.granted.delete("lease-1");
  const data = { leaseId: "lease-1", epoch: 1, reason: "cancelled by the operator" };
  world.see({ type: "brokerEvent", event: { event: "lease_revoked", data } });
}

/** A world in which the only job is on its way to being started, and that is under way. */
function worldWaitingFor(name: string): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.broker.jobsQueued = 1;
  world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
  world.goOnUntil(() => world.pending.some((pending) => pending.name === name));
  return world;
}

describe("a cancellation that overtakes the start of its job (case 68)", () => {
  test.each(["accept", "prepare"])("while %s is under way, starts nothing and leaves nothing", (name) => {
    const world = worldWaitingFor(name);
    revoke(world);
    // The answer that was on its way all the while says yes.
    world.drain();
    expect(world.history.records.filter(({ type }) => type === "agent.execution")).toEqual([]);
    expect([world.core.leases, world.alive(), world.notes.get("lease:lease-1")]).toEqual([{}, [], undefined]);
  });

  test("while it is being spawned, ends it as soon as it is there, and no result of it is told", () => {
    const world = worldWaitingFor("start");
    revoke(world);
    world.drain();
    const steps = world.history.records.flatMap(({ type, data }) => (type === "agent.execution" ? [data["to"]] : []));
    expect(steps).toEqual(["spawning", "running", "killing", "killed"]);
    expect([world.core.leases, world.alive()]).toEqual([{}, []]);
  });
});

test("a cancelled job is called `killing` until its processes are gone, and `killed` only then (case 66)", () => {
  const world = workingWorld();
  revoke(world);
  const execution = (): unknown => world.core.leases["lease-1"]?.execution;
  expect([execution(), world.alive()]).toEqual(["killing", ["lease-1"]]);
  world.see({ type: "timer", name: "heartbeat" });
  expect(execution()).toBe("killing");
  world.goOnUntil(() => world.alive().length === 0);
  const last = world.history.records.findLast(({ type }) => type === "agent.execution");
  expect(last?.data).toMatchObject({ from: "killing", to: "killed" });
});
