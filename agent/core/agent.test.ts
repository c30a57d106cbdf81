import { describe, expect, test } from "vitest";

import {
  type AgentEvent,
  agentEvents,
  agentStates,
  type AgentState,
  agentTransition,
} from "../../protocol/agent-states.ts";
import type { ControlResponse } from "../../protocol/control.ts";
import { ModelWorld } from "../testing/model-world.ts";
import type { LeaseNote } from "./effect.ts";

let requests = 0;
function ask(world: ModelWorld, command: "pause" | "resume" | "withdraw"): string {
  requests += 1;
  const requestId = `request-${requests}`;
  world.see({ type: "control", requestId, request: { command } });
  return requestId;
}

/** A world whose agent is in that state, with or without a sandbox. */
function worldIn(state: AgentState, busy: boolean): ModelWorld {
  const world = new ModelWorld({ slots: 2 });
  if (state === "Enrolling") return world;
  if (busy) world.broker.jobsQueued = 1;
  world.drain();
  if (state === "Paused") {
    ask(world, "pause");
    world.drain();
  }
  if (state === "Withdrawing") ask(world, "withdraw");
  if (state === "Withdrawn") {
    ask(world, "withdraw");
    world.settle();
  }
  return world;
}

/** The state after one event, without anything that follows from it later. */
const events: Partial<Record<AgentEvent, (world: ModelWorld) => string | null>> = {
  pauseAsked: (world) => ask(world, "pause"),
  resumeAsked: (world) => ask(world, "resume"),
  withdrawAsked: (world) => ask(world, "withdraw"),
  shutdownAsked: (world) => {
    world.see({ type: "signal", name: "SIGTERM" });
    return null;
  },
  enrolled: (world) => {
    const timing = world.core.timing;
    const value = { agentId: "a".repeat(64), brokerTimeMs: world.nowMs, timing };
    world.see({ type: "enrolAnswered", outcome: { ok: true, value } });
    return null;
  },
};

const places = agentStates.flatMap((state) =>
  (state === "Enrolling" || state === "Withdrawn" || state === "Idle" || state === "Working"
    ? [state === "Working"]
    : [false, true]
  ).map((busy) => ({ state, busy })),
);
const cases = places.flatMap((place) => Object.keys(events).map((event) => ({ ...place, event: event as AgentEvent })));

describe("every state and every event (case 58)", () => {
  test("the events that the outside can cause are all here", () => {
    // The other four are the agent's own conclusions, reached in the tests below and in the property test.
    expect(agentEvents.filter((event) => events[event] === undefined)).toEqual([
      "workStarted",
      "workEnded",
      "paused",
      "withdrawn",
    ]);
  });

  test.each(cases)("$state (busy: $busy), $event", ({ state, busy, event }) => {
    const world = worldIn(state, busy);
    expect(world.core.agent).toBe(state);
    // After its end an agent hears nothing: what would be refused finds nobody.
    if (world.ending !== null) return;
    const requestId = events[event]?.(world) ?? null;
    const expected = agentTransition(state, event, { busy });
    expect(world.core.agent).toBe(expected.accepted ? expected.to : state);
    if (expected.accepted || requestId === null) return;
    const response = world.answers.get(requestId) as Extract<ControlResponse, { ok: false }>;
    expect(response.ok).toBe(false);
    expect(response.message).toContain(expected.from);
    expect(response.message).toContain(expected.wanted);
    expect(world.history.records.filter(({ type }) => type === "agent.refused")).toHaveLength(1);
  });
});

describe("pausing", () => {
  test("Paused and its answer wait for the snapshots; intake has stopped before", () => {
    const world = worldIn("Working", true);
    const requestId = ask(world, "pause");
    expect(world.core.agent).toBe("Working");
    expect(world.answers.has(requestId)).toBe(false);
    world.happenNext();
    expect(world.core.agent).toBe("Working");
    world.drain();
    expect(world.core.agent).toBe("Paused");
    expect(world.answers.get(requestId)).toMatchObject({ ok: true, pause: { frozenSandboxes: 1, checkpoints: 1 } });
  });

  test("a snapshot that does not end is given up, and the pause says so (case 31)", () => {
    const world = worldIn("Working", true);
    const requestId = ask(world, "pause");
    world.happenNext();
    world.pending = world.pending.filter(({ name }) => name !== "save");
    world.goOnUntil(() => world.core.agent === "Paused");
    expect(world.answers.get(requestId)).toMatchObject({ ok: true, pause: { frozenSandboxes: 1, checkpoints: 0 } });
    expect(world.history.records.filter(({ type }) => type === "agent.checkpoint-failed")).toHaveLength(1);
  });

  test("a resume before it took effect calls it off, and its snapshot is thrown away (case 23)", () => {
    const world = worldIn("Working", true);
    const pause = ask(world, "pause");
    world.happenNext();
    const resume = ask(world, "resume");
    expect(world.answers.get(pause)).toMatchObject({ ok: false, code: "called-off" });
    world.drain();
    expect(world.answers.get(resume)).toMatchObject({ ok: true });
    expect(world.core.agent).toBe("Working");
    expect(Object.values(world.core.leases)[0]?.checkpoint).toBeNull();
    expect([...world.sandboxes.values()].map(({ frozen }) => frozen)).toEqual([false]);
  });

  test("asked for while Enrolling, it is remembered and takes effect at once after", () => {
    const world = worldIn("Enrolling", false);
    const requestId = ask(world, "pause");
    expect(world.answers.get(requestId)).toMatchObject({ ok: true });
    expect(world.core.agent).toBe("Enrolling");
    expect(world.notes.get("pause")).toMatchObject({ by: "owner" });
    world.drain();
    expect(world.core.agent).toBe("Paused");
  });

  test("it survives the agent being killed (case 34)", () => {
    const world = worldIn("Paused", true);
    world.kill();
    world.start();
    world.drain();
    expect(world.core.agent).toBe("Paused");
    expect(world.alive()).toEqual([]);
    world.broker.jobsQueued = 3;
    ask(world, "resume");
    world.drain();
    expect(world.core.agent).toBe("Working");
  });

  test("a paused agent goes on signalling, and offers nothing", () => {
    const world = worldIn("Paused", true);
    const woke = () => world.history.records.filter(({ type }) => type === "agent.woke").length;
    const before = woke();
    world.goOnUntil(() => woke() > before);
    expect(world.core.agent).toBe("Paused");
  });

  test("the broker cannot resume what the owner paused", () => {
    const world = worldIn("Paused", false);
    world.see({ type: "brokerEvent", event: { event: "resume", data: { reason: "work waits" } } });
    expect(world.core.agent).toBe("Paused");
  });

  test("an offer in flight is declined (case 21)", () => {
    const world = worldIn("Idle", false);
    world.broker.jobsQueued = 1;
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    // The broker has answered with an offer, and the answer is on its way.
    ask(world, "pause");
    world.drain();
    expect(
      world.history.records.filter(({ type }) => type === "agent.offer").map(({ data }) => data["answer"]),
    ).toEqual(["declined"]);
    expect(world.alive()).toEqual([]);
    expect(world.core.agent).toBe("Paused");
  });

  test("what was accepted but not yet started is held, and starts after the resume (case 24)", () => {
    const world = worldIn("Idle", false);
    world.broker.jobsQueued = 1;
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    world.goOnUntil(() => world.pending.some(({ name }) => name === "accept"));
    ask(world, "pause");
    world.drain();
    expect(world.core.agent).toBe("Paused");
    expect(Object.values(world.core.leases).map(({ stage }) => stage)).toEqual(["held"]);
    ask(world, "resume");
    world.drain();
    expect(world.alive()).toHaveLength(1);
  });
});

describe("leases", () => {
  test("one that nobody renews is given up before it ends at the broker (case 3)", () => {
    const world = worldIn("Working", true);
    const grantedAtMs = world.nowMs;
    world.broker.up = false;
    world.goOnUntil(() => world.alive().length === 0);
    expect(world.nowMs).toBeLessThan(grantedAtMs + world.core.timing.leaseTtlMs);
  });

  test("one that the broker calls lost is stopped and never reported", () => {
    const world = worldIn("Working", true);
    world.broker.granted.clear();
    world.goOnUntil(() => world.alive().length === 0);
    world.drain();
    expect(world.core.leases).toEqual({});
    expect(world.core.agent).toBe("Idle");
  });

  test("a refused acceptance leaves no ghost (case 14)", () => {
    const world = worldIn("Idle", false);
    world.broker.jobsQueued = 1;
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    world.goOnUntil(() => world.pending.some(({ name }) => name === "accept"));
    world.pending = [];
    const outcome = { ok: false, code: "offer-lapsed", retriable: false, message: "too late" } as const;
    world.see({ type: "acceptAnswered", leaseId: "lease-1", outcome });
    expect(world.core.leases).toEqual({});
    expect(world.core.agent).toBe("Idle");
  });

  test("a result that the broker does not take is kept and sent again (cases 16 and 17)", () => {
    const world = worldIn("Working", true);
    world.broker.up = false;
    world.jobEnds("lease-1");
    world.drain();
    expect(world.notes.get("lease:lease-1")).toMatchObject({ report: { outcome: "completed", result: "done" } });
    world.broker.up = true;
    world.goOnUntil(() => Object.keys(world.core.leases).length === 0);
    expect(world.broker.granted.size).toBe(0);
    expect(world.notes.has("lease:lease-1")).toBe(false);
  });

  test("a sandbox that fails to start gives its lease back at once, and its job is not asked for again (case 15)", () => {
    const world = worldIn("Idle", false);
    world.broker.jobsQueued = 1;
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    world.goOnUntil(() => world.pending.some(({ name }) => name === "start"));
    world.pending = [];
    world.sandboxes.clear();
    world.see({ type: "sandboxStartFailed", leaseId: "lease-1", reason: "there is no such program" });
    world.drain();
    expect(world.broker.granted.size).toBe(0);
    expect(world.core.leases).toEqual({});
    expect(world.core.agent).toBe("Idle");
    expect(world.core.unspawnableJobs).toMatchObject([{ jobId: "job-1" }]);
  });
});

describe("ending", () => {
  test("signals and goodbye within a moment shut down once (case 43)", () => {
    const world = worldIn("Working", true);
    world.see({ type: "signal", name: "SIGTERM" });
    world.see({ type: "brokerEvent", event: { event: "goodbye", data: { reason: "maintenance" } } });
    world.nowMs += 10;
    world.see({ type: "signal", name: "SIGINT" });
    world.settle();
    expect(world.ending).toEqual({ how: "shutdown" });
    expect(
      world.history.records.filter(({ type }) => type === "agent.shutdown").map(({ data }) => data["stage"]),
    ).toEqual(["begin", "end"]);
    expect(world.broker.granted.size).toBe(0);
  });

  test("the second signal hurries, the third ends at once", () => {
    const world = worldIn("Working", true);
    world.see({ type: "signal", name: "SIGTERM" });
    world.happenNext();
    expect(world.core.shutdown).toMatchObject({ level: 1, phase: "checkpoint" });
    world.nowMs += 1_000;
    world.see({ type: "signal", name: "SIGTERM" });
    expect(world.core.shutdown).toMatchObject({ level: 2, phase: "terminate" });
    world.nowMs += 1_000;
    world.see({ type: "signal", name: "SIGTERM" });
    expect(world.ending).toEqual({ how: "interrupted" });
  });

  test("a broker that does not answer the shutdown is told of the leases at the next start", () => {
    const world = worldIn("Working", true);
    world.broker.up = false;
    world.see({ type: "signal", name: "SIGTERM" });
    world.settle();
    expect(world.ending).toEqual({ how: "shutdown" });
    expect(world.broker.granted.size).toBe(1);
    world.broker.up = true;
    world.start();
    world.drain();
    expect(world.broker.granted.size).toBe(0);
  });

  test("two withdrawals at once are one, and both get its report (case 58)", () => {
    const world = worldIn("Working", true);
    const [first, second] = [ask(world, "withdraw"), ask(world, "withdraw")];
    world.settle();
    expect(world.history.reports).toHaveLength(1);
    expect(world.answers.get(first)).toEqual(world.answers.get(second));
    expect(world.history.reports[0]).toMatchObject({ clean: true, keyRevoked: "confirmed", leasesHandedBack: 1 });
    expect(world.history.reports[0]?.steps.map(({ step }) => step)).toEqual([
      "stop-intake",
      "freeze",
      "checkpoint",
      "terminate",
      "hand-back",
      "revoke-key",
      "remove-autostart",
      "close-sockets",
      "wipe-directories",
      "clear-ledger",
    ]);
  });

  test("an instance that takes one over claims the inherited leases first, and hands in what they came to", () => {
    const world = worldIn("Working", true);
    world.broker.up = false;
    world.jobEnds("lease-1");
    world.goOnUntil(() => (world.notes.get("lease:lease-1") as LeaseNote).report !== null);
    ask(world, "withdraw");
    world.kill();
    world.broker.up = true;
    world.start();
    const happened: string[] = [];
    while (world.ending === null) {
      happened.push(world.pending[0]?.name ?? "timer");
      world.settle(1);
    }
    const calls = happened.filter((name) => ["heartbeat", "complete", "withdraw"].includes(name));
    expect(calls).toEqual(["heartbeat", "complete", "withdraw"]);
  });

  test("a broker that is away does not hold a withdrawal up beyond its deadline", () => {
    const world = worldIn("Working", true);
    const beganAtMs = world.nowMs;
    world.see({ type: "control", requestId: "w", request: { command: "withdraw", deadlineMs: 5_000 } });
    // Calls to the broker never end.
    for (let step = 0; step < 200 && world.ending === null; step += 1) {
      const local = world.pending.findIndex(({ name }) => !["upload", "withdraw", "heartbeat"].includes(name));
      if (local >= 0) world.happenNext(local);
      else if (world.pending.some(({ name }) => name === "withdraw")) {
        // The client's own timeout.
        world.broker.up = false;
        world.nowMs = beganAtMs + 4_500;
        world.happenNext(world.pending.findIndex(({ name }) => name === "withdraw"));
      } else world.fireNextTimer();
    }
    expect(world.history.reports[0]).toMatchObject({ clean: true, keyRevoked: "deferred", leasesDeferred: 1 });
    expect(world.nowMs - beganAtMs).toBeLessThanOrEqual(5_000);
  });
});
