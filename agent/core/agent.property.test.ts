import fc from "fast-check";
import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";

/** What happens to an agent, in any order; the numbers choose among what is possible at that moment. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("happen" as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("timer" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("submit" as const), jobs: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("jobEnds" as const), which: fc.nat(5), exitCode: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("activity" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("brokerPause" as const, "brokerResume" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("broker" as const), up: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cooperate" as const), will: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("revoke" as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fuse" as const), effects: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("signal" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("withdraw" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(world: ModelWorld, each: Step, index: number): void {
  switch (each.do) {
    case "happen":
      // What happens at once happens first.
      world.happenNext(["frozen", "thawed"].includes(world.pending[0]?.name ?? "") ? 0 : each.which);
      break;
    case "timer":
      world.fireNextTimer();
      break;
    case "submit":
      world.broker.jobsQueued += each.jobs;
      world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: each.jobs } } });
      break;
    case "jobEnds": {
      const alive = world.alive();
      const leaseId = alive[each.which % Math.max(1, alive.length)];
      if (leaseId !== undefined) world.jobEnds(leaseId, each.exitCode);
      break;
    }
    case "pause":
    case "resume":
    case "withdraw":
      world.see({ type: "control", requestId: `request-${index}`, request: { command: each.do } });
      break;
    case "activity":
      world.see({ type: "activity", what: "test", noticedAtMs: world.nowMs });
      break;
    case "brokerPause":
      world.see({ type: "brokerEvent", event: { event: "pause", data: { reason: "test" } } });
      break;
    case "brokerResume":
      world.see({ type: "brokerEvent", event: { event: "resume", data: { reason: "test" } } });
      break;
    case "broker":
      world.broker.up = each.up;
      break;
    case "cooperate":
      world.broker.cooperative = each.will ? { signal: "SIGUSR1", file: "ready", waitMs: 2_000 } : undefined;
      break;
    case "revoke": {
      const held = [...world.broker.granted];
      const leaseId = held[each.which % Math.max(1, held.length)];
      if (leaseId === undefined) break;
      world.broker.granted.delete(leaseId);
      world.see({
        type: "brokerEvent",
        event: { event: "lease_revoked", data: { leaseId, epoch: 1, reason: "test" } },
      });
      break;
    }
    case "kill":
      world.kill();
      world.start();
      break;
    case "fuse":
      world.fuse = each.effects;
      break;
    case "signal":
      world.nowMs += 600;
      world.see({ type: "signal", name: "SIGTERM" });
      break;
  }
  // A supervisor starts what has ended, unless there is nothing left to start.
  if (world.ending !== null && world.homeThere) world.start();
}

test("whatever happens in whatever order, a withdrawal in the end leaves nothing and takes a bounded time", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 120 }), (slots, steps) => {
      const world = new ModelWorld({ slots });
      for (const [index, each] of steps.entries()) {
        if (!world.homeThere) break;
        take(world, each, index);
      }
      // From here on only the agent acts.
      const beganAtMs = world.nowMs;
      for (let attempt = 0; attempt < 3 && world.homeThere; attempt += 1) {
        // Asked again by the owner when the agent was killed before it could write the wish down.
        const request = { command: "withdraw" } as const;
        world.see({ type: "control", requestId: `the-end-${attempt}`, request });
        for (let each = 0; each < 1_000 && world.ending === null && world.core.withdrawal !== null; each += 1)
          world.settle(1);
      }
      expect(world.homeThere).toBe(false);
      expect(world.alive()).toEqual([]);
      expect(world.notes.size).toBe(0);
      expect(world.keyThere).toBe(false);
      // Killed after its last act: nobody is left to report.
      if (world.ending?.how === "interrupted") return;
      expect(world.ending).toEqual({ how: "withdrawn", clean: true });
      expect(world.core.agent).toBe("Withdrawn");
      expect(world.history.reports).toHaveLength(1);
      const attempts = world.history.reports[0]?.attempts ?? 1;
      expect(world.nowMs - beganAtMs).toBeLessThanOrEqual(10_000 * attempts);
      // A broker that was heard in time knows of the end; one that was not finishes it alone, and the report says which.
      const told = world.history.reports[0]?.keyRevoked;
      const truths = {
        confirmed: world.broker.keyRevoked && world.broker.granted.size === 0,
        "no-key": !world.broker.keyKnown,
        deferred: true,
      };
      expect(told === undefined ? false : truths[told]).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("once everything works again, every job that was accepted comes to an end", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 100 }), (slots, steps) => {
      const world = new ModelWorld({ slots });
      for (const [index, each] of steps.entries()) if (each.do !== "withdraw") take(world, each, index);
      world.broker.up = true;
      world.fuse = null;
      if (world.ending !== null || world.core.shutdown !== null) {
        world.settle(2_000);
        world.start();
      }
      world.see({ type: "control", requestId: "go-on", request: { command: "resume" } });
      world.drain();
      const isDone = () => world.broker.granted.size + world.broker.jobsQueued === 0 && world.core.agent === "Idle";
      for (let round = 0; round < 400 && !isDone(); round += 1) {
        world.drain();
        for (const leaseId of world.alive()) world.jobEnds(leaseId);
        world.drain();
        world.fireNextTimer();
      }
      expect({ granted: [...world.broker.granted], queued: world.broker.jobsQueued }).toEqual({
        granted: [],
        queued: 0,
      });
      expect(world.core.agent).toBe("Idle");
    }),
    { numRuns: 1_000 },
  );
});
