import { expect, test } from "vitest";

import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";
import type { AgentInput } from "./input.ts";

/** An agent that was offered one job, up to the moment at which that is pending. */
function worldWaitingFor(name: string, timing: Partial<Timing> = {}): ModelWorld {
  const world = new ModelWorld({ slots: 1, timing });
  world.drain();
  world.broker.jobsQueued = 1;
  world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
  world.goOnUntil(() => world.pending.some((pending) => pending.name === name));
  world.pending = [];
  return world;
}

/** The return of a lease whose sandbox failed in that way. */
function returnAfter(failure: "sandboxPrepareFailed" | "sandboxStartFailed"): AgentEffect | undefined {
  const world = worldWaitingFor(failure === "sandboxPrepareFailed" ? "prepare" : "start");
  world.sandboxes.clear();
  const input = { type: failure, leaseId: "lease-1", reason: "there is no such program" } as const;
  const { effects } = apply(world.core, input, world.nowMs);
  return effects.find(({ kind }) => kind === "returnLease");
}

function offerAnswer(
  world: ModelWorld,
  { jobId, afterMs, leaseId = "lease-2" }: { jobId: string; afterMs: number; leaseId?: string },
): AgentEffect[] {
  const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };
  const nowMs = world.nowMs + afterMs;
  const offers = [{ leaseId, jobId, epoch: 2, job, expiresAt: nowMs + 30_000 }];
  const value = { brokerTimeMs: nowMs, offers, renewed: [], lost: [] };
  const outcome = { ok: true, value } as const;
  const { effects } = apply(world.core, { type: "heartbeatAnswered", outcome, sentAtMs: nowMs }, nowMs);
  return effects.filter(({ kind }) => kind === "accept" || kind === "decline");
}

test.each(["sandboxPrepareFailed", "sandboxStartFailed"] as const)(
  "%s is told with the return (case 15)",
  (failure) => {
    expect(returnAfter(failure)).toMatchObject({ kind: "returnLease", startFailed: true });
  },
);

test("a lease that is given back for another reason says no such thing", () => {
  // It runs out before its first checkpoint.
  const world = worldWaitingFor("start", { leaseTtlMs: 40_000 });
  world.see({ type: "sandboxStarted", leaseId: "lease-1", pid: 2, cgroup: null });
  world.broker.up = false;
  world.goOnUntil(() => world.pending.some(({ name }) => name === "terminate"));
  const ended: AgentInput = { type: "sandboxTerminated", leaseId: "lease-1", terminated: 1, left: [] };
  const { effects } = apply(world.core, ended, world.nowMs);
  expect(effects.find(({ kind }) => kind === "returnLease")).toMatchObject({ startFailed: false });
});

test("one whose start failed after it ran out says why it never ran", () => {
  const world = worldWaitingFor("start", { leaseTtlMs: 40_000 });
  world.broker.up = false;
  world.pending = world.pending.filter(({ name }) => name !== "start");
  world.sandboxes.delete("lease-1");
  world.goOnUntil(() => world.core.leases["lease-1"]?.stop?.after === "return");
  world.see({ type: "sandboxStartFailed", leaseId: "lease-1", reason: "no room" });
  const { report, startFailed } = world.core.leases["lease-1"]!;
  expect([startFailed, report]).toEqual([true, { kind: "return", reason: "it could not be started: no room" }]);
});

test("the same job is declined for a while with the true reason, and then tried again", () => {
  const world = worldWaitingFor("start");
  world.sandboxes.clear();
  world.see({ type: "sandboxStartFailed", leaseId: "lease-1", reason: "there is no such program" });
  world.drain();
  const [declined] = offerAnswer(world, { jobId: "job-1", afterMs: 10 });
  expect(declined).toMatchObject({ kind: "decline", leaseId: "lease-2", startFailed: true });
  const [accepted] = offerAnswer(world, {
    jobId: "job-1",
    leaseId: "lease-3",
    afterMs: defaultTiming.startAgainAfterMs + 10,
  });
  expect(accepted).toMatchObject({ kind: "accept", leaseId: "lease-3" });
});

test("an offer declined for want of a slot says no such thing", () => {
  const world = worldWaitingFor("start");
  const [declined] = offerAnswer(world, { jobId: "job-9", afterMs: 10 });
  expect(declined).toMatchObject({ kind: "decline", reason: "every slot is busy", startFailed: false });
});
