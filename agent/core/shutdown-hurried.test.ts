import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";

/** An agent whose only job is being ended for a shutdown, when a second signal comes. */
function hurriedAtTerm() {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
  world.goOnUntil(() => Object.values(world.core.leases).some(({ stage }) => stage === "running"));
  const seen: AgentEffect[] = [];
  let { core, nowMs } = world;
  const see = (input: Parameters<typeof apply>[1]): AgentEffect[] => {
    const turn = apply(core, input, nowMs);
    core = turn.state;
    seen.push(...turn.effects);
    return [...turn.effects];
  };
  const pass = (ms: number): void => void (nowMs += ms);
  see({ type: "signal", name: "SIGTERM" });
  const generation = core.freeze?.generation ?? 0;
  see({ type: "frozen", generation, freezeMs: 1, processes: 1, running: [] });
  const [leaseId] = Object.keys(core.leases) as [string];
  see({ type: "checkpointFailed", leaseId, generation, reason: "no space left on device" });
  pass(1_000);
  const hurried = see({ type: "signal", name: "SIGTERM" });
  return { see, pass, hurried, leaseId };
}

const told = (effects: readonly AgentEffect[]) => effects.find((effect) => effect.kind === "notifyShutdown");

test("a job that is being ended is killed at the second signal, and its lease goes back when it is gone (case 25)", () => {
  const { see, hurried, leaseId } = hurriedAtTerm();
  expect(hurried).toContainEqual(expect.objectContaining({ kind: "terminateSandbox", leaseId, graceMs: 0 }));
  expect(told(hurried)).toBeUndefined();
  const gone = see({ type: "sandboxTerminated", leaseId, terminated: 1, left: [] });
  const wiped = [...gone, ...see({ type: "sandboxWiped", leaseId, left: [] })];
  expect(told(wiped)?.handedBack).toEqual([expect.objectContaining({ leaseId })]);
});

test("one that even a KILL does not end soon is not waited for (cases 44 and 46)", () => {
  const { see, pass } = hurriedAtTerm();
  pass(2_000);
  expect(told(see({ type: "timer", name: "shutdown" }))?.handedBack).toEqual([]);
});

test("a second signal is none of the same wish because a sandbox came up in the freeze and was stopped late", () => {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  let { core, nowMs } = world;
  const see = (input: Parameters<typeof apply>[1]): readonly AgentEffect[] => {
    const turn = apply(core, input, nowMs);
    core = turn.state;
    return turn.effects;
  };
  see({ type: "signal", name: "SIGTERM" });
  const generation = core.freeze?.generation ?? 0;
  const stopped = (freezeMs: number, processes: number) =>
    see({ type: "frozen", generation, freezeMs, processes, running: [] });
  // Every sandbox was stopped at once; one that was being spawned came up and was stopped 60 ms later.
  stopped(1, 1);
  nowMs += 60;
  stopped(61, 2);
  nowMs += 490;
  see({ type: "signal", name: "SIGTERM" });
  expect(core.shutdown?.level).toBe(2);
});
