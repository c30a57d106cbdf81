import { expect, test } from "vitest";

import type { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";

const unkillable = [{ pid: 2, startTime: "1", command: "dd" }];

/** Whether anybody was told that it is over: the broker, the owner, or the history. */
function isTold(world: ModelWorld): boolean {
  const told = world.pending.some(({ name }) => ["withdraw", "shutdown", "return"].includes(name));
  return told || world.answers.has("w") || world.history.reports.length > 0 || world.ending !== null;
}

function terminating(world: ModelWorld): ModelWorld {
  world.goOnUntil(() => world.pending.some(({ name }) => name === "terminate"));
  return world;
}

test("a withdrawal says nothing of its end to anybody before the processes of its jobs are gone (case 39)", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "w", request: { command: "withdraw", deadlineMs: 3_600_000 } });
  terminating(world);
  expect([world.alive(), isTold(world)]).toEqual([["lease-1"], false]);
  // A job that takes its time: a minute later nobody was told either.
  const laterMs = world.nowMs + 60_000;
  world.pending = world.pending.filter(({ name }) => name !== "terminate");
  while (world.nowMs < laterMs && world.fireNextTimer()) expect(isTold(world)).toBe(false);
  world.sandboxes.clear();
  world.see({ type: "sandboxTerminated", leaseId: "lease-1", terminated: 1, left: [] });
  world.settle();
  expect(world.history.reports[0]).toMatchObject({ clean: true, processesTerminated: 1, processesLeft: [] });
});

test("a shutdown tells the broker only once the processes are gone (case 39)", () => {
  const world = workingWorld();
  world.see({ type: "signal", name: "SIGTERM" });
  terminating(world);
  expect([world.alive(), isTold(world)]).toEqual([["lease-1"], false]);
  world.goOnUntil(() => world.pending.some(({ name }) => name === "shutdown"));
  expect(world.alive()).toEqual([]);
});

test("what outlives every signal is named in the report, which is not clean then (cases 39 and 52)", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "w", request: { command: "withdraw", deadlineMs: 10_000 } });
  terminating(world);
  world.pending = world.pending.filter(({ name }) => name !== "terminate");
  world.see({ type: "sandboxTerminated", leaseId: "lease-1", terminated: 0, left: unkillable });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "endStrays"));
  world.pending = world.pending.filter(({ name }) => name !== "endStrays");
  world.sandboxes.clear();
  world.see({ type: "straysEnded", terminated: 0, left: unkillable });
  world.settle();
  expect(world.history.reports[0]).toMatchObject({ clean: false, processesLeft: unkillable });
});
