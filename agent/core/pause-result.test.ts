import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";

test("an owner who joins a pause in force is told how long its snapshots took, and not how old it is", () => {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  world.see({ type: "brokerEvent", event: { event: "pause", data: { reason: "the operator" } } });
  world.nowMs += 20;
  world.drain();
  expect(world.core.agent).toBe("Paused");
  world.nowMs += 3_600_000;
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  expect(world.answers.get("pause")).toMatchObject({ ok: true, pause: { checkpoints: 1, snapshotMs: 20 } });
});

test("a pause names the jobs that stand still without a checkpoint, and why", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "save"));
  world.pending = [];
  const generation = world.core.freeze?.generation ?? 0;
  world.see({ type: "checkpointFailed", leaseId: "lease-1", generation, reason: "no space left on device" });
  const notSaved = [{ jobId: world.core.leases["lease-1"]?.jobId, reason: "no space left on device" }];
  expect(world.answers.get("pause")).toMatchObject({ ok: true, pause: { checkpoints: 0, notSaved } });
});

test("a pause that is asked for while the agent enrols says that it is remembered", () => {
  const world = new ModelWorld({ slots: 1 });
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  expect(world.answers.get("pause")).toMatchObject({ ok: true, pause: { frozenSandboxes: 0, remembered: true } });
});
