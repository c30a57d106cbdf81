import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";

test("whoever looks for processes is told when a withdrawal is to end sooner (L1)", () => {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.see({ type: "control", requestId: "first", request: { command: "withdraw", deadlineMs: 10_000 } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "endStrays"));
  const request = { command: "withdraw", deadlineMs: 1_000 } as const;
  const { effects } = apply(world.core, { type: "control", requestId: "second", request }, world.nowMs);
  const again = effects.find(({ kind }) => kind === "endStrays");
  expect(again).toMatchObject({ graceMs: 0 });
  expect(again !== undefined && "deadlineMs" in again ? again.deadlineMs : Infinity).toBeLessThan(1_000);
});
