import { describe, expect, test } from "vitest";

import { type AgentState, agentStates, agentTransition } from "../../protocol/agent-states.ts";
import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import { agentLimits } from "./limits.ts";

const { quietMs } = agentLimits;

function working(): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  expect(world.core.agent).toBe("Working");
  return world;
}

function touch(world: ModelWorld, what = "files: /p"): void {
  world.see({ type: "activity", what, noticedAtMs: world.nowMs });
}

function ask(world: ModelWorld, command: "pause" | "resume" | "withdraw"): void {
  world.see({ type: "control", requestId: `${command}-${world.nowMs}-${world.answers.size}`, request: { command } });
  world.drain();
}

function broker(world: ModelWorld, event: "pause" | "resume"): void {
  world.see({ type: "brokerEvent", event: { event, data: { reason: `the operator's ${event}` } } });
  world.drain();
}

/** So long nothing happens; whatever is due comes. */
function wait(world: ModelWorld, ms: number): void {
  const endsAtMs = world.nowMs + ms;
  for (;;) {
    world.drain();
    const dueMs = Math.min(...world.timers.values());
    if (dueMs > endsAtMs) break;
    world.fireNextTimer();
  }
  world.nowMs = endsAtMs;
}

test("everything is frozen before anything else, from the moment when the host knew", () => {
  const world = working();
  const noticedAtMs = world.nowMs - 7;
  const { effects } = apply(world.core, { type: "activity", what: "files: /p", noticedAtMs }, world.nowMs);
  expect(effects[0]).toMatchObject({ kind: "freezeAll", triggeredAtMs: noticedAtMs });
});

test("a time that has not come yet is not believed", () => {
  const world = working();
  const input = { type: "activity", what: "input", noticedAtMs: world.nowMs + 60_000 } as const;
  expect(apply(world.core, input, world.nowMs).effects[0]).toMatchObject({ triggeredAtMs: world.nowMs });
});

test("it goes on by itself when nothing was noticed for so long, and the broker hears of both", () => {
  const world = working();
  touch(world);
  wait(world, quietMs - 1);
  expect(world.core.agent).toBe("Paused");
  expect(world.core.reason).toBe("owner activity, files: /p");
  wait(world, 1);
  expect(world.core.agent).toBe("Working");
  expect(world.core).toMatchObject({ activity: null, pause: null, reason: "quiet for 300 s" });
  expect(world.notes.has("pause")).toBe(false);
});

test("whatever is noticed meanwhile puts the end off, and freezes nothing twice", () => {
  const world = working();
  touch(world);
  const frozen = () => world.history.records.filter(({ type }) => type === "agent.frozen").length;
  for (let times = 0; times < 4; times += 1) {
    wait(world, quietMs - 1);
    touch(world, "load");
  }
  expect(world.core.agent).toBe("Paused");
  expect(frozen()).toBe(1);
  wait(world, quietMs);
  expect(world.core.agent).toBe("Working");
});

describe("ranks", () => {
  test("the owner's resume wins: nothing counts until it was quiet once, and then it does again", () => {
    const world = working();
    touch(world);
    world.drain();
    ask(world, "resume");
    for (let times = 0; times < 3; times += 1) {
      touch(world);
      wait(world, quietMs - 1);
      expect(world.core.agent).toBe("Working");
    }
    wait(world, 1);
    expect(world.core.activity).toBeNull();
    touch(world);
    expect(world.core.pause).toMatchObject({ by: "activity" });
  });

  test("one that stood still over the end of the quiet heeds what it hears first, too", () => {
    const world = working();
    touch(world);
    ask(world, "resume");
    world.nowMs += quietMs;
    touch(world);
    expect(world.core.pause).toMatchObject({ by: "activity" });
    expect(world.notes.has("activity")).toBe(false);
  });

  test.each(["before", "after"])("the owner's pause outlasts the quiet, asked for %s the activity", (order) => {
    const world = working();
    if (order === "after") touch(world);
    ask(world, "pause");
    if (order === "before") touch(world);
    wait(world, 2 * quietMs);
    expect(world.core).toMatchObject({ agent: "Paused", activity: null, pause: { by: "owner" } });
    ask(world, "resume");
    expect(world.core.agent).toBe("Working");
  });

  test.each(["before", "after"])("the broker's pause outlasts the quiet, asked for %s the activity", (order) => {
    const world = working();
    if (order === "after") touch(world);
    broker(world, "pause");
    if (order === "before") touch(world);
    wait(world, 2 * quietMs);
    expect(world.core).toMatchObject({ agent: "Paused", activity: null, pause: { by: "broker" } });
    broker(world, "resume");
    expect(world.core.agent).toBe("Working");
  });

  test("a broker that resumes while activity goes on lets nothing go: the pause goes on by that", () => {
    const world = working();
    broker(world, "pause");
    touch(world);
    broker(world, "resume");
    expect(world.core).toMatchObject({
      agent: "Paused",
      pause: { by: "activity", reason: "owner activity, files: /p" },
    });
    expect(world.core.reason).toBe("owner activity, files: /p");
    expect(world.notes.get("pause")).toEqual({ by: "activity", reason: "owner activity, files: /p" });
    expect(world.history.records.at(-1)?.type).toBe("agent.refused");
    broker(world, "resume");
    expect(world.core.agent).toBe("Paused");
    wait(world, quietMs);
    expect(world.core.agent).toBe("Working");
  });
});

describe("over a restart", () => {
  test("it comes back paused, and the quiet is counted from there", () => {
    const world = working();
    touch(world);
    wait(world, quietMs - 1_000);
    world.kill();
    world.start();
    wait(world, quietMs - 1);
    expect(world.core).toMatchObject({ agent: "Paused", pause: { by: "activity" } });
    wait(world, 1);
    expect(world.core.agent).toBe("Idle");
  });

  test("the owner's resume holds, until it was quiet", () => {
    const world = working();
    touch(world);
    ask(world, "resume");
    world.kill();
    world.start();
    wait(world, 1_000);
    touch(world);
    expect(world.core.pause).toBeNull();
    wait(world, quietMs);
    expect(world.notes.has("activity")).toBe(false);
    touch(world);
    expect(world.core.pause).toMatchObject({ by: "activity" });
  });

  test("a resume whose journalling was cut short was not told to anybody, and did not happen", () => {
    const world = working();
    touch(world);
    world.drain();
    world.notes.set("activity", { ignored: true });
    world.kill();
    world.start();
    expect(world.core).toMatchObject({ pause: { by: "activity" }, activity: { ignored: false } });
    expect(world.notes.has("activity")).toBe(false);
  });
});

describe("in every state", () => {
  const reached: Record<AgentState, () => ModelWorld> = {
    Enrolling: () => new ModelWorld({ slots: 1 }),
    Idle: () => {
      const world = new ModelWorld({ slots: 1 });
      world.drain();
      return world;
    },
    Working: working,
    Paused: () => {
      const world = working();
      ask(world, "pause");
      return world;
    },
    Withdrawing: () => {
      const world = working();
      world.see({ type: "control", requestId: "end", request: { command: "withdraw" } });
      return world;
    },
    Withdrawn: () => {
      const world = working();
      world.see({ type: "control", requestId: "end", request: { command: "withdraw" } });
      world.settle();
      return world;
    },
  };
  test.each(agentStates)("%s: what the table says of a pause, and nothing is recorded where it is refused", (state) => {
    const world = reached[state]();
    expect(world.core.agent).toBe(state);
    const before = world.history.records.length;
    const wasPaused = world.core.pause;
    touch(world);
    const { accepted } = agentTransition(state, "pauseAsked", { busy: state === "Working" });
    expect(world.core.pause === null).toBe(!accepted);
    expect(world.core.activity === null).toBe(!accepted);
    if (accepted && wasPaused === null) expect(world.core.pause).toMatchObject({ by: "activity" });
    if (!accepted) expect(world.history.records).toHaveLength(before);
  });

  test("while it shuts down it is nobody's business any more", () => {
    const world = working();
    world.see({ type: "signal", name: "SIGTERM" });
    touch(world);
    expect(world.core).toMatchObject({ pause: null, activity: null });
  });

  test("before the broker answers it is remembered, ends by itself, and keeps no home that was made in vain", () => {
    const world = new ModelWorld({ slots: 1 });
    world.broker.up = false;
    world.drain();
    touch(world);
    expect(world.notes.get("pause")).toMatchObject({ by: "activity" });
    const refused = { ok: false, code: "bad-join-token", retriable: false, message: "no" } as const;
    const { effects } = apply(structuredClone(world.core), { type: "enrolAnswered", outcome: refused }, world.nowMs);
    expect(effects).toContainEqual(
      expect.objectContaining({ kind: "exit", ending: expect.objectContaining({ fresh: true }) }),
    );
    world.goOnUntil(() => world.core.pause === null);
    world.broker.up = true;
    world.goOnUntil(() => world.core.agent === "Idle");
  });
});
