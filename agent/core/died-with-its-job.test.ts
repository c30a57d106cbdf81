import { describe, expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect, LeaseNote } from "./effect.ts";
import type { AgentInput } from "./input.ts";

/** How the next instance gives the lease back, seen at the effect; null when it does not by itself. */
function givenBack(world: ModelWorld): Extract<AgentEffect, { kind: "returnLease" }> | null {
  let found: Extract<AgentEffect, { kind: "returnLease" }> | null = null;
  const see = world.see.bind(world);
  world.see = (input: AgentInput) => {
    const { effects } = apply(structuredClone(world.core), input, world.nowMs);
    for (const effect of effects) if (effect.kind === "returnLease") found = effect;
    return see(input);
  };
  world.start();
  world.goOnUntil(() => world.core.leaseList.length === 0);
  expect(world.broker.granted.size).toBe(0);
  return found;
}

const counted = { agentDied: true, reason: "the agent died while it ran" };
const notCounted = { agentDied: false, reason: "the agent was restarted" };

function ask(world: ModelWorld, command: "pause" | "resume"): void {
  world.see({ type: "control", requestId: command + world.nowMs, request: { command } });
  world.drain();
}

/** One that waits, with its only job, for what bears that name. */
function worldWaitingFor(name: string): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.broker.jobsQueued = 1;
  world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
  world.goOnUntil(() => world.pending.some((pending) => pending.name === name));
  return world;
}

describe("an agent that died while its job ran (case 19)", () => {
  test("says so when it gives the lease back", () => {
    const world = workingWorld();
    world.kill();
    expect(givenBack(world)).toMatchObject(counted);
  });

  test("says so though it had not yet heard that the job runs", () => {
    const world = worldWaitingFor("start");
    world.kill();
    expect(givenBack(world)).toMatchObject(counted);
  });

  test("still says so when it is killed again before anybody heard it", () => {
    const world = workingWorld();
    for (let kills = 0; kills < 3; kills += 1) {
      world.kill();
      world.start();
      world.goOnUntil(() => world.pending.some(({ name }) => name === "return"));
    }
    world.kill();
    expect(givenBack(world)).toMatchObject(counted);
  });

  test("does not say so of a job that it had not begun, or had ended itself", () => {
    const unbegun = worldWaitingFor("prepare");
    unbegun.kill();
    expect(givenBack(unbegun)).toMatchObject(notCounted);

    const ended = workingWorld();
    ended.broker.up = false;
    ended.goOnUntil(() => ended.pending.some(({ name }) => name === "wipe"));
    ended.kill();
    ended.broker.up = true;
    expect(givenBack(ended)).toMatchObject(notCounted);
  });

  test("does not say so of a job that could not be started", () => {
    const world = worldWaitingFor("start");
    world.pending = [];
    world.sandboxes.clear();
    world.see({ type: "sandboxStartFailed", leaseId: "lease-1", reason: "there is no such program" });
    world.kill();
    expect(givenBack(world)).toMatchObject(notCounted);
  });

  test("hands in a result all the same", () => {
    const world = workingWorld();
    world.broker.up = false;
    world.jobEnds("lease-1");
    world.goOnUntil(() => (world.notes.get("lease:lease-1") as LeaseNote).report !== null);
    world.kill();
    world.broker.up = true;
    expect(givenBack(world)).toBeNull();
  });
});

/** How donors interrupt a job, up to the moment at which the process is gone. */
const donors: Readonly<Record<string, (world: ModelWorld) => void>> = {
  "killed in a pause": (world) => {
    ask(world, "pause");
    world.kill();
  },
  "on a host that went down": (world) => {
    world.kill();
    world.sandboxes.clear();
    world.bootId = "second boot";
  },
  "shut down while the broker was away": (world) => {
    world.broker.up = false;
    world.see({ type: "signal", name: "SIGTERM" });
    world.settle();
    expect(world.ending).toEqual({ how: "shutdown" });
    world.broker.up = true;
  },
  "interrupted by the third signal": (world) => {
    for (let signal = 0; signal < 3; signal += 1) {
      world.see({ type: "signal", name: "SIGTERM" });
      world.nowMs += 600;
    }
    expect(world.ending).toEqual({ how: "interrupted" });
    world.kill();
  },
};

describe("what its donor did is not the job's doing (case 19):", () => {
  test.each(Object.keys(donors))("an agent %s", (how) => {
    const world = workingWorld();
    donors[how]?.(world);
    expect(givenBack(world)).toMatchObject({ agentDied: false });
  });

  test.each(Object.keys(donors))("nor is it taken for that after another start of one %s", (how) => {
    const world = workingWorld();
    donors[how]?.(world);
    world.broker.up = false;
    world.start();
    world.drain();
    if (world.core.pause !== null) ask(world, "resume");
    world.kill();
    world.broker.up = true;
    expect(givenBack(world)).toMatchObject({ agentDied: false });
  });
});
