import { describe, expect, test } from "vitest";

import type { AgentInput } from "../../../../agent/core/input.ts";
import type { HeldLease, LeaseStage } from "../../../../agent/core/state.ts";
import { ModelWorld } from "../../../../agent/testing/model-world.ts";
import { workingWorld } from "../../../../agent/testing/working-world.ts";
import { present } from "../../../../foundation/assert.ts";
import { audited, type Made, without } from "../../testing/audited-decision.ts";

const leaseId = "lease-1";
const prepared: AgentInput = { type: "sandboxPrepared", leaseId, workspace: "/w" };
const failed: AgentInput = { type: "sandboxStartFailed", leaseId, reason: "no such program" };
const wiped: AgentInput = { type: "sandboxWiped", leaseId, left: [] };

function leaseOf({ core }: Pick<Made, "core">): HeldLease {
  return present(core.leases[leaseId], "it is held");
}

/** A world whose lease has come as far as that, and waits there for its host. */
function worldAt(stage: LeaseStage): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.goOnUntil(() => world.core.leases[leaseId]?.stage === stage);
  return world;
}

function endingWorld(): ModelWorld {
  const world = workingWorld();
  world.jobEnds(leaseId);
  world.goOnUntil(() => leaseOf(world).stage === "ending");
  return world;
}

function exited(exitCode: number): AgentInput {
  return {
    type: "sandboxExited",
    leaseId,
    reason: { by: "itself", exitCode },
    progress: 3,
    result: null,
    resultProblem: null,
  };
}

function terminated(isStuck: boolean): AgentInput {
  const left = isStuck ? [{ pid: 7, startTime: "1", command: "stuck" }] : [];
  return { type: "sandboxTerminated", leaseId, terminated: 1, left };
}

describe("the audit of sandboxes", () => {
  test("lets pass what a lease goes through", () => {
    expect(() => audited(worldAt("preparing"), prepared)).not.toThrow();
    expect(() => audited(worldAt("spawning"), failed)).not.toThrow();
    for (const exitCode of [0, 1]) expect(() => audited(workingWorld(), exited(exitCode))).not.toThrow();
    for (const isStuck of [false, true]) expect(() => audited(endingWorld(), terminated(isStuck))).not.toThrow();
  });

  test("objects when a job is spawned that the journal does not know of, or while everything stands still", () => {
    expect(() => audited(worldAt("preparing"), prepared, (made) => without(made, "remember"))).toThrow(
      "bring this one",
    );
    const freeze = ({ core }: Made): void => {
      const since = { triggeredAtMs: 0, freezeMs: 0, frozenAtMs: 0, sandboxes: 0 };
      core.freeze = { generation: 1, purpose: "pause", trigger: "", ...since };
    };
    expect(() => audited(worldAt("preparing"), prepared, freeze)).toThrow("nothing is spawned to stop");
  });

  test("objects when what could not be started is forgotten, or its place is not emptied", () => {
    const forget = ({ core }: Made): void => void (core.unspawnableJobs = []);
    expect(() => audited(worldAt("spawning"), failed, forget)).toThrow("kept in mind for its time");
    expect(() => audited(worldAt("spawning"), failed, (made) => without(made, "wipeSandbox"))).toThrow("is emptied");
  });

  test("objects when it is not told why a job never ran that was to go back for another reason", () => {
    const world = worldAt("spawning");
    const stop = { why: "its lease ran out", after: "return" } as const;
    leaseOf(world).stop = stop;
    const hush = (made: Made): void => void (leaseOf(made).stop = stop);
    expect(() => audited(world, failed, hush)).toThrow("and why");
  });

  test("objects when a job counts as done that failed, or what it left running goes on", () => {
    const praise = (made: Made): void => {
      const { report } = leaseOf(made);
      if (report?.kind === "complete")
        leaseOf(made).report = { kind: "complete", body: { ...report.body, outcome: "completed" } };
    };
    expect(() => audited(workingWorld(), exited(1), praise)).toThrow("a job is done that says so");
    const leave = (made: Made): void => without(made, "terminateSandbox");
    expect(() => audited(workingWorld(), exited(0), leave)).toThrow("at once");
  });

  test("objects when somebody hears of an end before it is on the disk, or its slot is not broken", () => {
    const hurry = (made: Made): void => without(made, "remember");
    expect(() => audited(endingWorld(), terminated(false), hurry)).toThrow("on the disk before anybody hears of it");
    const mend = (made: Made): void => void (leaseOf(made).stage = "ending");
    expect(() => audited(endingWorld(), terminated(true), mend)).toThrow("slot");
  });

  test("objects when nobody is told that a slot is free", () => {
    const world = endingWorld();
    world.goOnUntil(() => world.core.leases[leaseId]?.stage === "wiping");
    world.core.heartbeat = { inFlight: false, again: null };
    expect(() => audited(world, wiped, (made) => without(made, "heartbeat"))).toThrow("a slot is free");
  });
});
