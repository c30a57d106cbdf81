import { beforeEach, describe, expect, test } from "vitest";

import type { ModelWorld } from "../../../../agent/testing/model-world.ts";
import { workingWorld } from "../../../../agent/testing/working-world.ts";
import type { AgentInput } from "../../../../agent/core/input.ts";
import type { Shutdown } from "../../../../agent/core/state.ts";
import { present } from "../../../../foundation/assert.ts";
import { audited, type Made, without } from "../../testing/audited-decision.ts";

const signal: AgentInput = { type: "signal", name: "SIGTERM" };
const wake: AgentInput = { type: "timer", name: "shutdown" };

let world: ModelWorld;

beforeEach(() => {
  world = workingWorld();
});

function shutdownOf({ core }: Pick<Made, "core">): Shutdown {
  return present(core.shutdown, "it shuts down");
}

describe("the audit of a shutdown", () => {
  test("lets each of its turns pass", () => {
    for (let level = 1; level <= 3; level += 1) {
      audited(world, signal);
      expect(shutdownOf(world).level).toBe(level);
      world.nowMs += 600;
    }
  });

  test("objects when it freezes nothing, blames a job, or has its other timers go on", () => {
    const thaw = ({ core }: Made): void => void (core.freeze = null);
    expect(() => audited(workingWorld(), signal, thaw)).toThrow("freezes what it runs");
    const blame = (made: Made): void => {
      without(made, "remember");
      present(made.core.leaseList[0], "it works").spawnedInBoot = "boot";
    };
    expect(() => audited(workingWorld(), signal, blame)).toThrow("no job is to blame");
    expect(() => audited(workingWorld(), signal, (made) => without(made, "clearTimer"))).toThrow("nothing else");
  });

  test("objects when a second signal hurries nobody, or a repeated one does", () => {
    world.see(signal);
    const hurry = (made: Made): void => void (shutdownOf(made).level = 2);
    expect(() => audited(world, signal, hurry)).toThrow("repeated at once hurries nobody");
    shutdownOf(world).level = 1;
    world.nowMs += 600;
    const ignore = (made: Made): void => void (shutdownOf(made).level = 1);
    expect(() => audited(world, signal, ignore)).toThrow("another signal hurries");
  });

  test("objects when a phase goes on for ever, or the broker is told of less than goes back", () => {
    world.see(signal);
    const again = (made: Made): void => void (shutdownOf(made).phase = "checkpoint");
    world.goOnUntil(() => world.core.freeze?.freezeMs !== null);
    world.nowMs = shutdownOf(world).phaseEndsAtMs;
    expect(() => audited(world, wake, again)).toThrow("nobody waits for snapshots for ever");

    world = workingWorld();
    world.see(signal);
    world.goOnUntil(() => shutdownOf(world).phase === "terminate");
    world.nowMs = shutdownOf(world).phaseEndsAtMs;
    present(world.core.leaseList[0], "it works").stage = "parted";
    const keep = ({ core, effects }: Made): void => {
      const at = effects.findIndex(({ kind }) => kind === "notifyShutdown");
      const notice = present(effects[at], "the broker is told");
      if (notice.kind === "notifyShutdown") effects[at] = { ...notice, handedBack: [] };
      shutdownOf({ core }).told = [];
    };
    expect(() => audited(world, wake, keep)).toThrow("all that goes back is told");
  });
});
