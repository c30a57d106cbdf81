import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";

test("the answer to a pause is not taken for that to another one, which was asked for during a shutdown", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "paused"));
  const generation = world.core.freezeGeneration;
  world.see({ type: "signal", name: "SIGTERM" });
  world.see({ type: "control", requestId: "resume", request: { command: "resume" } });
  world.see({ type: "brokerEvent", event: { event: "pause", data: { reason: "again" } } });
  world.see({ type: "pausedAnswered", generation, outcome: { ok: true, value: null } });
  expect(world.core.pause).toMatchObject({ reason: "again", acknowledgement: "waiting" });
});
