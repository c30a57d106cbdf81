import { describe, expect, test } from "vitest";

import type { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";

/** A world whose owner has asked for a pause, and whose snapshot is never done. */
function stuckWorld(): ModelWorld {
  const world = workingWorld();
  ask(world, "first");
  world.goOnUntil(() => world.pending.some(({ name }) => name === "save"));
  world.pending = world.pending.filter(({ name }) => name !== "save");
  expect(world.answers.has("first")).toBe(false);
  return world;
}

function ask(world: ModelWorld, requestId: string): void {
  world.see({ type: "control", requestId, request: { command: "pause" } });
}

describe("a second pause, when the first got stuck (case 25)", () => {
  test("stops everything once more, as its first effect", () => {
    const world = stuckWorld();
    const request = { command: "pause" } as const;
    const { effects } = apply(world.core, { type: "control", requestId: "second", request }, world.nowMs);
    expect(effects[0]).toMatchObject({ kind: "freezeAll" } satisfies Partial<AgentEffect>);
  });

  test("stops what the first one could not, which is told with the second freeze", () => {
    const world = stuckWorld();
    const { generation } = world.core.freeze ?? { generation: 0 };
    const frozen = (running: { pid: number; startTime: string; command: string }[]): readonly AgentEffect[] =>
      apply(world.core, { type: "frozen", generation, freezeMs: 1, processes: 2, running }, world.nowMs).effects;
    const warned = (effects: readonly AgentEffect[]) => effects.some(({ kind }) => kind === "log");
    expect(warned(frozen([{ pid: 7, startTime: "1", command: "fork" }]))).toBe(true);
    expect(warned(frozen([]))).toBe(false);
  });

  test("is answered with the first, when the time for the snapshot is over", () => {
    const world = stuckWorld();
    const beganAtMs = world.core.pause?.triggeredAtMs ?? 0;
    world.nowMs += 5_000;
    ask(world, "second");
    world.goOnUntil(() => world.core.agent === "Paused");
    expect(world.answers.get("first")).toMatchObject({ ok: true, pause: { frozenSandboxes: 1, checkpoints: 0 } });
    expect(world.answers.get("second")).toEqual(world.answers.get("first"));
    // It has not put off the end of the wait.
    expect(world.nowMs - beganAtMs).toBeLessThanOrEqual(30_000);
  });

  test("does not keep a resume, and a pause after that, from having their effect", () => {
    const world = stuckWorld();
    ask(world, "second");
    world.see({ type: "control", requestId: "resume", request: { command: "resume" } });
    world.drain();
    expect(world.answers.get("second")).toMatchObject({ ok: false, code: "called-off" });
    expect([...world.sandboxes.values()].map(({ frozen }) => frozen)).toEqual([false]);
    ask(world, "third");
    world.drain();
    expect(world.answers.get("third")).toMatchObject({ ok: true, pause: { frozenSandboxes: 1, checkpoints: 1 } });
  });
});
