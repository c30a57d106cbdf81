import { beforeEach, describe, expect, test } from "vitest";

import type { AgentInput } from "../../../../agent/core/input.ts";
import type { HeldLease } from "../../../../agent/core/state.ts";
import type { ModelWorld } from "../../../../agent/testing/model-world.ts";
import { fenced, workingWorld } from "../../../../agent/testing/working-world.ts";
import { present } from "../../../../foundation/assert.ts";
import { audited, type Made, without } from "../../testing/audited-decision.ts";

const leaseId = "lease-1";

let world: ModelWorld;

function leaseOf({ core }: Pick<Made, "core">): HeldLease {
  return present(core.leases[leaseId], "it is held");
}

/** Its job has ended, and the broker is to answer the report. */
function reportingWorld(): ModelWorld {
  world = workingWorld();
  world.jobEnds(leaseId);
  world.goOnUntil(() => leaseOf(world).reportInFlight);
  return world;
}

/** Its checkpoint is on its way. */
function uploadingWorld(): ModelWorld {
  world = workingWorld();
  world.see({ type: "timer", name: "periodic" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "upload"));
  return world;
}

const unreachable = { ok: false, code: "unreachable", retriable: true, message: "no" } as const;

function answered(outcome: Extract<AgentInput, { type: "completeAnswered" }>["outcome"]): AgentInput {
  return { type: "completeAnswered", leaseId, outcome };
}

describe("the audit of reports", () => {
  beforeEach(reportingWorld);

  test("lets pass whatever is answered", () => {
    expect(() => audited(world, answered({ ok: true, value: null }))).not.toThrow();
    for (const no of [unreachable, fenced]) expect(() => audited(reportingWorld(), answered(no))).not.toThrow();
  });

  test("objects when what was not heard is not told again, or after another time", () => {
    const forget = ({ core }: Made): void => void (core.outboxWaits = false);
    expect(() => audited(world, answered(unreachable), forget)).toThrow("waits");
    const sleep = (made: Made): void => without(made, "setTimer");
    expect(() => audited(reportingWorld(), answered(unreachable), sleep)).toThrow("attempt 1 waits its time");
  });

  test("objects when a fenced report is told on as its own, and when a settled one is kept", () => {
    const claim = (made: Made): void => void (leaseOf(made).claimed = true);
    expect(() => audited(world, answered(fenced), claim)).toThrow("claimed anew");
    reportingWorld();
    const { report } = leaseOf(world);
    const keep = ({ core }: Made): void => {
      const lease = core.leases[leaseId];
      if (lease !== undefined) lease.report = report;
    };
    expect(() => audited(world, answered({ ok: true, value: null }), keep)).toThrow("told once");
  });

  test("objects when a result is told that nobody came to", () => {
    world = workingWorld();
    world.jobEnds(leaseId);
    world.goOnUntil(() => leaseOf(world).stage === "ending");
    const end: AgentInput = { type: "sandboxTerminated", leaseId, terminated: 1, left: [] };
    const hold = (made: Made): void => {
      without(made, "complete");
      leaseOf(made).reportInFlight = false;
    };
    expect(() => audited(world, end, hold)).toThrow("the report on lease-1 is on its way");
  });
});

describe("the audit of heartbeats", () => {
  const wake: AgentInput = { type: "timer", name: "heartbeat" };
  const boast = ({ effects }: Made): void => {
    for (const [at, effect] of effects.entries()) {
      if (effect.kind === "heartbeat") effects[at] = { ...effect, request: { ...effect.request, slotsFree: 1 } };
    }
  };

  test("objects when one that is paused, shuts down or withdraws says that it has room", () => {
    const wishes: readonly AgentInput[] = [
      { type: "control", requestId: "1", request: { command: "pause" } },
      { type: "signal", name: "SIGTERM" },
      { type: "control", requestId: "1", request: { command: "withdraw" } },
    ];
    for (const wish of wishes) {
      world = workingWorld();
      world.see(wish);
      world.core.heartbeat = { inFlight: false, again: null };
      expect(() => audited(world, wake)).not.toThrow();
      world.core.heartbeat = { inFlight: false, again: null };
      expect(() => audited(world, wake, boast), JSON.stringify(wish)).toThrow("who takes nothing has no room");
    }
  });
});

describe("the audit of uploads", () => {
  const uploaded = (outcome: Extract<AgentInput, { type: "uploadAnswered" }>["outcome"]): AgentInput => {
    const { generation } = present(leaseOf(world).checkpoint, "it is saved");
    return { type: "uploadAnswered", leaseId, generation, outcome };
  };

  beforeEach(uploadingWorld);

  test("lets pass whatever is answered", () => {
    const rotten = { ...fenced, code: "damaged-checkpoint" } as const;
    for (const outcome of [{ ok: true, value: null }, unreachable, rotten] as const) {
      expect(() => audited(uploadingWorld(), uploaded(outcome))).not.toThrow();
    }
  });

  test("objects when what the broker has is taken for lost, or not told it", () => {
    const lose = (made: Made): void => void (present(leaseOf(made).checkpoint, "it is saved").upload = "waiting");
    expect(() => audited(world, uploaded({ ok: true, value: null }), lose)).toThrow("what the broker has is there");
    uploadingWorld();
    const hush = (made: Made): void => without(made, "reportProgress");
    expect(() => audited(world, uploaded({ ok: true, value: null }), hush)).toThrow("told at once");
  });

  test("objects when something is kept that has rotted", () => {
    const keep = (made: Made): void => without(made, "discardCheckpoint");
    const rotten = uploaded({ ...fenced, code: "damaged-checkpoint" });
    expect(() => audited(world, rotten, keep)).toThrow("what has rotted goes");
  });
});
