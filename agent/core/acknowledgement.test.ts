import { expect, test } from "vitest";

import type { BrokerFailure } from "./outcome.ts";
import { apply } from "./agent.ts";
import { fenced, workingWorld } from "../testing/working-world.ts";

const forgotten: BrokerFailure = { ...fenced, code: "unknown-agent" };

test.each([
  ["a later instance was heeded", fenced],
  ["its store forgot the agent", forgotten],
])("a pause is acknowledged again to a broker that refused it because %s", (_why, outcome) => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "pause" } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "paused"));
  world.see({ type: "pausedAnswered", generation: world.core.freezeGeneration, outcome });
  const { effects } = apply(world.core, { type: "timer", name: "acknowledge" }, world.nowMs);
  expect(effects.filter(({ kind }) => kind === "notifyPaused")).toHaveLength(1);
});

test("a pause is acknowledged though a job ended while its checkpoint was on its way to the broker", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "pause" } });
  world.goOnUntil(() => world.core.agent === "Paused");
  const upload = world.pending.splice(
    world.pending.findIndex(({ name }) => name === "upload"),
    1,
  )[0];
  expect(upload?.name).toBe("upload");
  const data = { leaseId: "lease-1", epoch: 1, reason: "cancelled" };
  world.see({ type: "brokerEvent", event: { event: "lease_revoked", data } });
  world.drain();
  expect(world.core.leases).toEqual({});
  upload?.happen();
  expect(world.pending.map(({ name }) => name)).toContain("paused");
});

test("the answer to a pause that was called off says nothing of the next one", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "pause" } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "paused"));
  const generation = world.core.freezeGeneration;
  world.pending = world.pending.filter(({ name }) => name !== "paused");
  world.see({ type: "control", requestId: "b", request: { command: "resume" } });
  world.see({ type: "control", requestId: "c", request: { command: "pause" } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "paused"));
  world.see({ type: "pausedAnswered", generation, outcome: { ok: true, value: null } });
  expect(world.core.pause).toMatchObject({ acknowledgement: "inFlight" });
});
