import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";

test("a resume is told to a broker that may have heard of the pause, though its answer was lost", () => {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  world.goOnUntil(() => world.core.pause?.acknowledgement === "inFlight");
  const lost = { ok: false, code: "unreachable", retriable: true, message: "the broker does not answer" } as const;
  world.see({ type: "pausedAnswered", generation: 1, outcome: lost });
  expect(world.core.pause?.acknowledgement).toBe("waiting");
  const request = { command: "resume" } as const;
  const { effects } = apply(world.core, { type: "control", requestId: "resume", request }, world.nowMs);
  expect(effects.map(({ kind }) => kind)).toContain("notifyResumed");
});
