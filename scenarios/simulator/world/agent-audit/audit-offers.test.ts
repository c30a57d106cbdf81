import { describe, expect, test } from "vitest";

import type { AgentInput } from "../../../../agent/core/input.ts";
import { ModelWorld } from "../../../../agent/testing/model-world.ts";
import { workingWorld } from "../../../../agent/testing/working-world.ts";
import { present } from "../../../../foundation/assert.ts";
import { audited, type Made, without } from "../../testing/audited-decision.ts";

const leaseId = "lease-9";

function idleWorld(): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  return world;
}

function offers({ nowMs }: ModelWorld): AgentInput {
  const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };
  const offer = { leaseId, jobId: "job-9", epoch: 1, job, expiresAt: nowMs + 30_000 };
  const value = { brokerTimeMs: nowMs, offers: [offer], renewed: [], lost: [] };
  return { type: "heartbeatAnswered", outcome: { ok: true, value }, sentAtMs: nowMs };
}

function granted({ nowMs }: ModelWorld): AgentInput {
  return { type: "acceptAnswered", leaseId, outcome: { ok: true, value: { expiresAt: nowMs + 30_000 } } };
}

function acceptingWorld(): ModelWorld {
  const world = idleWorld();
  audited(world, offers(world));
  return world;
}

describe("the audit of offers", () => {
  test("lets pass what is taken, repeated or declined", () => {
    const world = acceptingWorld();
    expect(() => audited(world, offers(world))).not.toThrow();
    expect(() => audited(world, granted(world))).not.toThrow();
    const busy = workingWorld();
    expect(() => audited(busy, offers(busy))).not.toThrow();
  });

  test("objects when there is room and it is not used, or none and it is", () => {
    const world = idleWorld();
    const refuse = (made: Made): void => {
      without(made, "accept");
      made.effects.push({ kind: "decline", leaseId, epoch: 1, reason: "", startFailed: false });
    };
    expect(() => audited(world, offers(world), refuse)).toThrow("there is room for it");
    const busy = workingWorld();
    const take = (made: Made): void => {
      without(made, "decline");
      made.effects.push({ kind: "accept", leaseId, epoch: 1 });
    };
    expect(() => audited(busy, offers(busy), take)).toThrow("is declined at once");
  });

  test("objects when a job is blamed for a slot that is taken, or a no is not kept in mind", () => {
    const blame = ({ effects }: Made): void => {
      const at = effects.findIndex(({ kind }) => kind === "decline");
      effects[at] = { kind: "decline", leaseId, epoch: 1, reason: "every slot is busy", startFailed: true };
    };
    const busy = workingWorld();
    expect(() => audited(busy, offers(busy), blame)).toThrow("for the job");
    const other = workingWorld();
    const forget = ({ core }: Made): void => void (core.declinedOffers = []);
    expect(() => audited(other, offers(other), forget)).toThrow("will be again");
  });

  test("objects when a lease is held longer than it was granted, or its end is not watched", () => {
    const world = acceptingWorld();
    const keep = ({ core }: Made): void => void (present(core.leases[leaseId], "it is held").ownDeadlineMs += 1_000);
    expect(() => audited(world, granted(world), keep)).toThrow("held for its time");
    const other = acceptingWorld();
    expect(() => audited(other, granted(other), (made) => without(made, "setTimer"))).toThrow("runs out in");
  });
});

describe("the audit of leases that run out", () => {
  const timer: AgentInput = { type: "timer", name: "leases" };

  test("objects when one is kept whose time is over, and when one is given up before", () => {
    const world = workingWorld();
    audited(world, timer);
    const early = ({ core }: Made): void => {
      present(core.leaseList[0], "it works").stop = { why: "", after: "return" };
    };
    expect(() => audited(world, timer, early)).toThrow("before its time");
    const late = workingWorld();
    late.nowMs = present(late.core.leaseList[0], "it works").ownDeadlineMs;
    const keep = (made: Made): void => {
      without(made, "terminateSandbox");
      Object.assign(present(made.core.leaseList[0], "it works"), { stop: null, stage: "held" });
    };
    expect(() => audited(late, timer, keep)).toThrow("given up when its time is over");
  });
});
