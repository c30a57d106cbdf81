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
  world.see({ type: "pausedAnswered", outcome });
  const { effects } = apply(world.core, { type: "timer", name: "acknowledge" }, world.nowMs);
  expect(effects.filter(({ kind }) => kind === "notifyPaused")).toHaveLength(1);
});
