import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";

test("a pause does not count what was saved in a freeze of an earlier instance", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "first", request: { command: "pause" } });
  world.drain();
  expect(world.answers.get("first")).toMatchObject({ ok: true, pause: { frozenSandboxes: 1, checkpoints: 1 } });
  world.see({ type: "control", requestId: "resume", request: { command: "resume" } });
  world.kill();
  world.start();
  world.goOnUntil(() => world.core.agent === "Idle");
  expect(world.core.leaseList).toHaveLength(1);
  world.see({ type: "control", requestId: "second", request: { command: "pause" } });
  world.goOnUntil(() => world.answers.has("second"));
  expect(world.answers.get("second")).toMatchObject({ ok: true, pause: { frozenSandboxes: 0, checkpoints: 0 } });
});
