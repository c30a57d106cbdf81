import { beforeEach, describe, expect, test } from "vitest";

import type { AgentInput } from "../../../../agent/core/input.ts";
import { fenced, workingWorld } from "../../../../agent/testing/working-world.ts";
import { ModelWorld } from "../../../../agent/testing/model-world.ts";
import { present } from "../../../../foundation/assert.ts";
import { audited, type Made, without } from "../../testing/audited-decision.ts";

const pause: AgentInput = { type: "control", requestId: "pause", request: { command: "pause" } };

let world: ModelWorld;

beforeEach(() => {
  world = workingWorld();
});

function freezeOf({ core }: Pick<Made, "core">) {
  return present(core.freeze, "a freeze is in force");
}

function frozen(generation: number): AgentInput {
  return { type: "frozen", generation, freezeMs: 2, processes: 1, running: [] };
}

describe("the audit of freezes", () => {
  test("objects to snapshots of what may move, or to none of what stands still", () => {
    world.see(pause);
    const { generation } = freezeOf(world);
    expect(() => audited(world, frozen(generation), (made) => void (freezeOf(made).freezeMs = null))).toThrow(
      "before it stands still",
    );
    world = workingWorld();
    world.see(pause);
    const forget = (made: Made): void => {
      for (const lease of made.core.leaseList) lease.savingGeneration = null;
    };
    expect(() => audited(world, frozen(freezeOf(world).generation), forget)).toThrow("is not saved");
  });

  test("objects when a freeze is not told, or one that is over is", () => {
    world.see(pause);
    const tell = ({ generation }: { generation: number }) => frozen(generation);
    const { generation } = freezeOf(world);
    expect(() => audited(world, tell({ generation }), (made) => without(made, "record"))).toThrow("a freeze is told");
    expect(() => audited(world, tell({ generation: generation + 1 }))).not.toThrow();
  });

  test("objects when a torn checkpoint is kept", () => {
    const leaseId = present(world.core.leaseList[0], "it works").leaseId;
    const content = { manifestDigest: "a".repeat(64), archiveDigest: "b".repeat(64), archiveBytes: 1, progress: 1 };
    const saved: AgentInput = { type: "checkpointSaved", leaseId, generation: 9, content, durationMs: 1 };
    expect(() => audited(world, saved)).not.toThrow();
    expect(() => audited(world, saved, (made) => without(made, "discardCheckpoint"))).toThrow("is thrown away");
  });
});

test("the audit of an acknowledgement objects when one is given up that was not heard", () => {
  world.see(pause);
  world.goOnUntil(() => world.core.pause?.acknowledgement === "inFlight");
  const { generation } = freezeOf(world);
  const answer: AgentInput = { type: "pausedAnswered", generation, outcome: fenced };
  const giveUp = ({ core }: Made): void => void (present(core.pause, "it pauses").acknowledgement = "done");
  expect(() => audited(world, answer, giveUp)).toThrow("until it is heard");
});

describe("the audit of a start", () => {
  test("objects when it says nothing of an earlier instance, or enrols while strays may run", () => {
    const recovered = {
      ...{ enrolmentSent: true, withdrawal: null, pause: null, activityIgnored: false },
      ...{ leases: [], strays: true, socketsLeft: [] },
    };
    const names = { agentId: null, hasKey: true, pid: 1, driver: "model", bootId: "boot" };
    const start: AgentInput = { type: "started", ...names, recovered, mayEnrol: true };
    const fresh = (): ModelWorld => new ModelWorld({ slots: 1 });
    expect(() => audited(fresh(), start, (made) => without(made, "record"))).toThrow("says so");
    expect(() => audited(fresh(), start, (made) => without(made, "endStrays"))).toThrow("is looked for");
  });
});

describe("the audit of cooperation", () => {
  test("objects when an answer is not told", () => {
    const { core } = world;
    const { leaseId } = present(core.leaseList[0], "it works");
    const waiting = [{ leaseId, endsAtMs: world.nowMs + 1_000 }];
    const generation = core.freezeGeneration + 1;
    core.cooperation = { generation, purpose: "periodic", trigger: "test", askedAtMs: world.nowMs, waiting };
    const ready: AgentInput = { type: "cooperated", leaseId, generation, answer: "ready" };
    expect(() => audited(world, ready, (made) => without(made, "record"))).toThrow("an answer is told");
  });
});
