import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";

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
