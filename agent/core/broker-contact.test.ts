import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";
import { coreStatus } from "./status.ts";

const silent = { ok: false, code: "unreachable", retriable: true, message: "no answer" } as const;
const refused = { ok: false, code: "bad-signature", retriable: false, message: "the clock is wrong" } as const;

test("a broker that does not answer from the very beginning is told of in the log, once", () => {
  const world = new ModelWorld({ slots: 1 });
  const complaints = (): number => {
    const turn = apply(world.core, { type: "enrolAnswered", outcome: silent }, world.nowMs);
    world.core = turn.state;
    return turn.effects.filter((effect) => effect.kind === "log" && effect.message.includes("does not answer")).length;
  };
  expect(complaints()).toBe(1);
  world.core = apply(world.core, { type: "timer", name: "enrol" }, world.nowMs).state;
  expect(complaints()).toBe(0);
});

test("what the broker has against a heartbeat is in the status until it takes one, or is silent", () => {
  const world = workingWorld();
  const { nowMs: sentAtMs } = world;
  world.see({ type: "heartbeatAnswered", outcome: refused, sentAtMs });
  expect(coreStatus(world.core)).toMatchObject({
    brokerReachable: true,
    brokerRefusal: "bad-signature: the clock is wrong",
  });
  world.see({ type: "heartbeatAnswered", outcome: silent, sentAtMs });
  expect(coreStatus(world.core)).not.toHaveProperty("brokerRefusal");
  expect(coreStatus(world.core)).toHaveProperty("brokerSilence", silent.message);
  world.see({ type: "heartbeatAnswered", outcome: refused, sentAtMs });
  expect(coreStatus(world.core)).not.toHaveProperty("brokerSilence");
  world.see({ type: "timer", name: "heartbeat" });
  world.drain();
  expect(coreStatus(world.core)).not.toHaveProperty("brokerRefusal");
});
