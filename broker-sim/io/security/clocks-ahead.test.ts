import { expect, test } from "vitest";

import { ManualClock } from "../../testing/manual-clock.ts";
import { ClocksAhead } from "./clocks-ahead.ts";
import { memoryStore } from "../stores/memory-store.ts";
import { type BrokerStore, storeAround } from "../stores/store.ts";

const windowMs = 300_000;

/** Brokers that follow each other on one store, on one clock. */
class Scene {
  readonly clock = new ManualClock(1_000_000_000_000);
  writes = 0;
  readonly #kept = memoryStore();
  readonly store: BrokerStore = {
    ...storeAround(this.#kept, { commit: async (writes) => await this.#kept.commit(writes) }),
    writeSetting: async (name, value) => {
      this.writes += 1;
      await this.#kept.writeSetting(name, value);
    },
  };

  async start(): Promise<ClocksAhead> {
    return await ClocksAhead.load(this.store, { clock: this.clock, windowMs });
  }

  /** The seconds that a clock shows which is so far ahead. */
  shown(aheadMs: number): number {
    return Math.floor((this.clock.nowMs() + aheadMs) / 1_000);
  }
}

test("the next start knows how far ahead each agent was, by an eighth more at the most; right clocks cost nothing", async () => {
  const scene = new Scene();
  const first = await scene.start();
  await first.note("right", scene.shown(0));
  await first.note("behind", scene.shown(-40_000));
  expect(scene.writes).toBe(0);
  const ahead = [1, 7, 16, 17, 100, 299, 300];
  for (const seconds of ahead) await first.note(`agent ${seconds}`, scene.shown(seconds * 1_000));
  // What it was told itself it needs not: it has the nonces.
  expect(first.foundS("agent 300")).toBe(0);
  const next = await scene.start();
  expect(["right", "behind"].map((agentId) => next.foundS(agentId))).toEqual([0, 0]);
  for (const seconds of ahead) {
    const found = next.foundS(`agent ${seconds}`);
    expect(found).toBeGreaterThanOrEqual(seconds);
    expect(found).toBeLessThanOrEqual(seconds * 1.125);
  }
});

test("what is seen again is written once in a window, for everybody at once", async () => {
  const scene = new Scene();
  const clocks = await scene.start();
  const agents = Array.from({ length: 50 }, (_, index) => `agent ${index}`);
  const note = async (): Promise<void> => {
    for (const agent of agents) await clocks.note(agent, scene.shown(3_000));
  };
  await note();
  expect(scene.writes).toBe(agents.length);
  for (let atMs = 0; atMs < windowMs; atMs += 30_000) {
    await note();
    scene.clock.advance(30_000);
  }
  expect(scene.writes).toBe(agents.length);
  await Promise.all(agents.map(async (agent) => await clocks.note(agent, scene.shown(3_000))));
  expect(scene.writes).toBe(agents.length + 1);
});

test("a clock that was put right is believed again, once what it signed before is too old", async () => {
  const scene = new Scene();
  await (await scene.start()).note("agent", scene.shown(200_000));
  // As long as one of them could still be sent again.
  scene.clock.advance(200_000 + windowMs);
  expect((await scene.start()).foundS("agent")).toBeGreaterThanOrEqual(200);
  scene.clock.advance(windowMs + 10_000);
  expect((await scene.start()).foundS("agent")).toBe(0);
});
