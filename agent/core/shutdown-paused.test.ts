import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";

/** How the running job of an agent is ended by a shutdown. */
function endOfJob({ paused }: { paused: boolean }): AgentEffect | undefined {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
  world.goOnUntil(() => Object.values(world.core.leases).some(({ stage }) => stage === "running"));
  if (paused) {
    world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
    world.goOnUntil(() => world.core.agent === "Paused");
  }
  const seen: AgentEffect[] = [];
  let { core } = world;
  const see = (input: Parameters<typeof apply>[1]): void => {
    const turn = apply(core, input, world.nowMs);
    core = turn.state;
    seen.push(...turn.effects);
  };
  see({ type: "signal", name: "SIGTERM" });
  const { generation } = core.freeze ?? { generation: 0 };
  see({ type: "frozen", generation, freezeMs: 1, processes: 1, running: [] });
  for (const effect of [...seen]) {
    if (effect.kind !== "saveCheckpoint") continue;
    see({ type: "checkpointFailed", leaseId: effect.leaseId, generation, reason: "no space left on device" });
  }
  world.nowMs += 60_000;
  see({ type: "timer", name: "shutdown" });
  return seen.find(({ kind }) => kind === "terminateSandbox");
}

test("a job that runs is asked to end, and has its grace", () => {
  expect(endOfJob({ paused: false })).toMatchObject({ graceMs: 10_000 });
});

test("one that stands still because its owner paused the host is not woken for that (I5)", () => {
  expect(endOfJob({ paused: true })).toMatchObject({ graceMs: 0 });
});
