import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";
import type { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";
import { handBack } from "./lease-facts.ts";
import type { BrokerFailure } from "./outcome.ts";

/** A world whose agent has a checkpoint on its way to the broker, in a freeze that is in force. */
function uploadingWorld(): ModelWorld {
  const world = workingWorld();
  world.see({ type: "timer", name: "periodic" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "upload"));
  return world;
}

function told(world: ModelWorld): AgentEffect[] {
  const { generation } = world.core.leases["lease-1"]?.checkpoint ?? { generation: 0 };
  const outcome = { ok: true, value: null } as const;
  const { effects } = apply(
    world.core,
    { type: "uploadAnswered", leaseId: "lease-1", generation, outcome },
    world.nowMs,
  );
  return effects.filter(({ kind }) => kind === "reportProgress");
}

test("the broker hears of a checkpoint that it has, though everything stands still for those of others", () => {
  const world = uploadingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "pause" } });
  expect(world.core.freeze).not.toBeNull();
  expect(told(world)).toHaveLength(1);
});

test("it hears of one whose processes are being ended, since its lease may never be given back", () => {
  const world = uploadingWorld();
  world.see({
    type: "brokerEvent",
    event: { event: "lease_revoked", data: { leaseId: "lease-1", epoch: 1, reason: "" } },
  });
  expect(world.core.leases["lease-1"]?.stage).toBe("ending");
  expect(told(world)).toHaveLength(1);
});

test("whoever reports the end of the lease names it there", () => {
  const world = uploadingWorld();
  world.goOnUntil(() => world.core.freeze === null);
  const exit = { reason: { by: "itself", exitCode: 0 }, progress: 10, result: "done", resultProblem: null } as const;
  world.see({ type: "sandboxExited", leaseId: "lease-1", ...exit });
  expect(told(world)).toEqual([]);
});

/** The upload that is on its way comes to this. */
function answered(world: ModelWorld, outcome: BrokerFailure): readonly AgentEffect[] {
  world.pending.splice(
    world.pending.findIndex(({ name }) => name === "upload"),
    1,
  );
  const { generation } = world.core.leases["lease-1"]?.checkpoint ?? { generation: 0 };
  const { effects } = apply(
    world.core,
    { type: "uploadAnswered", leaseId: "lease-1", generation, outcome },
    world.nowMs,
  );
  return effects;
}

test("a checkpoint that rotted on the disk is dropped and reported, and is not what the broker is told of", () => {
  const world = uploadingWorld();
  const { checkpoint } = world.core.leases["lease-1"]!;
  const failure = { ok: false, code: "damaged-checkpoint", retriable: false, message: "other bytes" } as const;
  const effects = answered(world, failure);
  const { generation, reference } = checkpoint!;
  expect(effects).toContainEqual({ kind: "discardCheckpoint", leaseId: "lease-1", generation });
  expect(effects.filter(({ kind }) => kind === "record")).toMatchObject([
    { type: "agent.checkpoint-failed", data: { leaseId: "lease-1", trigger: "upload", reason: "other bytes" } },
  ]);
  expect(handBack(world.core.leases["lease-1"]!)).not.toHaveProperty("checkpoint");
  // The next one is not to be taken for an earlier one.
  world.drain();
  world.see({ type: "timer", name: "periodic" });
  world.goOnUntil(() => world.core.leases["lease-1"]?.checkpoint?.generation !== generation);
  expect(world.core.leases["lease-1"]?.checkpoint?.reference.number).toBe(reference.number + 1);
});

/** A world whose agent has brought a checkpoint to the broker, and is told what came of the word whose it is. */
function toldWorld(outcome: BrokerFailure | { ok: true; value: null }): ModelWorld {
  const world = uploadingWorld();
  world.goOnUntil(() => world.pending.some(({ name }) => name === "progress"));
  world.pending.splice(
    world.pending.findIndex(({ name }) => name === "progress"),
    1,
  );
  const { generation } = world.core.leases["lease-1"]!.checkpoint!;
  world.see({ type: "progressAnswered", leaseId: "lease-1", generation, outcome });
  return world;
}

test("one that the broker did not hear of is brought and told again, and is named until then", () => {
  for (const code of ["unreachable", "unknown-checkpoint", "fenced"] as const) {
    const world = toldWorld({ ok: false, code, retriable: code === "unreachable", message: code });
    const lease = world.core.leases["lease-1"]!;
    expect([lease.checkpoint?.upload, handBack(lease).progress]).toEqual(["untold", 5]);
    world.drain();
    world.see({ type: "timer", name: "heartbeat" });
    world.goOnUntil(() => world.pending.some(({ name }) => name === "upload"));
    world.goOnUntil(() => world.pending.some(({ name }) => name === "progress"));
  }
});

test("one that the broker heard of, or does not want to, is told once", () => {
  const refused = { ok: false, code: "unknown-lease", retriable: false, message: "" } as const;
  for (const outcome of [{ ok: true, value: null }, refused] as const) {
    expect(toldWorld(outcome).core.leases["lease-1"]?.checkpoint?.upload).toBe("done");
  }
});

test("a pause is not acknowledged again before the broker was brought anew what it did not hear of", () => {
  const world = uploadingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "pause" } });
  const lost = { ok: false, code: "unreachable", retriable: true, message: "" } as const;
  world.goOnUntil(() => ["progress", "paused"].every((call) => world.pending.some(({ name }) => name === call)));
  world.pending = [];
  const { generation } = world.core.leases["lease-1"]!.checkpoint!;
  world.see({ type: "progressAnswered", leaseId: "lease-1", generation, outcome: lost });
  world.see({ type: "pausedAnswered", generation, outcome: lost });
  world.see({ type: "timer", name: "acknowledge" });
  expect(world.pending.map(({ name }) => name)).toEqual(["upload"]);
  world.goOnUntil(() => world.core.pause?.acknowledgement === "done");
});

test.each(["unreachable", "fenced"] as const)(
  "one that did not get through (%s) goes on with the next heartbeat",
  (code) => {
    const world = uploadingWorld();
    answered(world, { ok: false, code, retriable: code === "unreachable", message: code });
    expect(world.core.leases["lease-1"]?.checkpoint?.upload).toBe("waiting");
    world.drain();
    world.see({ type: "timer", name: "heartbeat" });
    world.goOnUntil(() => world.core.leases["lease-1"]?.checkpoint?.upload === "inFlight");
  },
);
