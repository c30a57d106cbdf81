import { describe, expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
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

/** What takes for ever on this host: an archive, or a call to the broker. */
const stuck = ["save", "withdraw", "probe"] as const;

describe.each(stuck)("a withdrawal that waits for what does not end (%s)", (never) => {
  /** One with a deadline of an hour, which has come to that step. */
  function stuckWorld(): ModelWorld {
    const world = new ModelWorld({ slots: 1 });
    if (never === "save") world.broker.jobsQueued = 1;
    world.drain();
    withdraw(world, 3_600_000);
    drainBut(world, [never]);
    expect(world.pending.map(({ name }) => name)).toContain(never);
    return world;
  }

  /** When it ended, counted from now. */
  function endMs(world: ModelWorld): number {
    const beganAtMs = world.nowMs;
    timerSteps(world, [never], 60);
    expect(world.ending).toMatchObject({ how: "withdrawn" });
    return world.nowMs - beganAtMs;
  }

  test("ends at its deadline", () => {
    expect(endMs(stuckWorld())).toBeLessThanOrEqual(3_600_000);
  });

  test("ends within two seconds after the second signal", () => {
    const world = stuckWorld();
    for (const _ of [1, 2]) {
      world.nowMs += 600;
      world.see({ type: "signal", name: "SIGTERM" });
      drainBut(world, [never]);
    }
    expect(endMs(world)).toBeLessThanOrEqual(2_000);
  });

  test("ends at the earlier deadline of whoever joins it", () => {
    const world = stuckWorld();
    world.nowMs += 1_000;
    world.see({ type: "control", requestId: "second", request: { command: "withdraw", deadlineMs: 5_000 } });
    expect(endMs(world)).toBeLessThanOrEqual(5_000);
  });
});

test("a withdrawal that is hurried looks for processes again, and waits for what does not die no longer than that", () => {
  const world = withdrawingWorld(3_600_000);
  drainBut(world, ["endStrays"]);
  const signal = { type: "signal", name: "SIGTERM" } as const;
  world.see(signal);
  world.nowMs += 600;
  const { effects } = apply(world.core, signal, world.nowMs);
  const looks = effects.flatMap((effect) => (effect.kind === "endStrays" ? [effect.deadlineMs] : []));
  expect(looks).toHaveLength(1);
  expect(looks[0]).toBeLessThanOrEqual(2_000);
});
