import { describe, expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import type { BrokerFailure } from "./outcome.ts";

const fenced: BrokerFailure = { ok: false, code: "fenced", retriable: false, message: "a later instance has enrolled" };

function withdrawingWorld(deadlineMs: number): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  return withdraw(world, deadlineMs);
}

function withdraw(world: ModelWorld, deadlineMs: number): ModelWorld {
  world.see({ type: "control", requestId: "w", request: { command: "withdraw", deadlineMs } });
  return world;
}

/** Lets all happen but calls of those names, which stay unanswered. */
function drainBut(world: ModelWorld, unanswered: readonly string[]): void {
  for (let step = 0; step < 100; step += 1) {
    const index = world.pending.findIndex(({ name }) => !unanswered.includes(name));
    if (index < 0) return;
    world.happenNext(index);
  }
}

/** Lets that many timers fire while those calls stay unanswered; returns how far each went beyond the one before. */
function timerSteps(world: ModelWorld, unanswered: readonly string[], timersMax = 20): number[] {
  const steps: number[] = [];
  while (steps.length < timersMax && world.ending === null) {
    const beforeMs = world.nowMs;
    if (!world.fireNextTimer()) break;
    steps.push(world.nowMs - beforeMs);
    drainBut(world, unanswered);
  }
  return steps;
}

describe("a withdrawal wakes itself up", () => {
  test("and lets time go by in between, while the answer is awaited past the last share", () => {
    const world = withdrawingWorld(5_000);
    drainBut(world, ["withdraw"]);
    expect(world.pending.map(({ name }) => name)).toEqual(["withdraw"]);
    expect(timerSteps(world, ["withdraw"]).filter((ms) => ms === 0)).toEqual([]);
  });

  test("not for a retry that is due and waits for something else", () => {
    const world = new ModelWorld({ slots: 1 });
    world.drain();
    // An enrolment is under way when the withdrawal begins, and the broker heeds another instance.
    world.see({ type: "heartbeatAnswered", outcome: { ...fenced, code: "unknown-agent" }, sentAtMs: world.nowMs });
    withdraw(world, 10_000);
    drainBut(world, ["enrol", "withdraw"]);
    world.pending = world.pending.filter(({ name }) => name !== "withdraw");
    world.see({ type: "withdrawAnswered", outcome: fenced });
    expect(world.core.withdrawal?.retryAtMs).toBeGreaterThan(world.nowMs);
    expect(timerSteps(world, ["enrol"]).filter((ms) => ms === 0)).toEqual([]);
  });
});
