import { describe, expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import type { AgentEffect } from "./effect.ts";
import { apply } from "./agent.ts";
import type { AgentInput } from "./input.ts";

const cooperative = { signal: "SIGUSR1", file: "ready", waitMs: 2_000 } as const;

/** An agent with so many jobs at work that cooperate, and what it makes of what it sees. */
function cooperating({ jobs = 1, plain = 0, checkpointIntervalMs = 60_000 } = {}) {
  const world = new ModelWorld({ slots: jobs + plain, timing: { checkpointIntervalMs } });
  const submit = (queued: number): void => {
    world.broker.jobsQueued = queued;
    world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued } } });
    world.drain();
  };
  world.drain();
  if (plain > 0) submit(plain);
  world.broker.cooperative = cooperative;
  submit(jobs);
  expect(world.alive()).toHaveLength(jobs + plain);
  let { core, nowMs } = world;
  const see = (input: AgentInput): AgentEffect[] => {
    const turn = apply(core, input, nowMs);
    core = turn.state;
    return [...turn.effects];
  };
  const answer = (leaseId: string, said: "ready" | "unheard" = "ready"): AgentEffect[] =>
    see({ type: "cooperated", leaseId, generation: 1, answer: said });
  const frozen = (): AgentEffect[] => see({ type: "frozen", generation: 1, freezeMs: 1, processes: 1, running: [] });
  const pass = (ms: number): void => void (nowMs += ms);
  return { see, answer, frozen, pass, core: () => core };
}

const kindsOf = (effects: readonly AgentEffect[]): string[] => effects.map(({ kind }) => kind);
const freezes = (effects: readonly AgentEffect[]): boolean => kindsOf(effects).includes("freezeAll");
const saved = (effects: readonly AgentEffect[]) =>
  effects.flatMap((effect) => (effect.kind === "saveCheckpoint" ? [[effect.leaseId, effect.cooperative]] : []));
const stages = (effects: readonly AgentEffect[]) =>
  effects.flatMap((effect) =>
    effect.kind === "record" && effect.type === "agent.cooperation" ? [[effect.data.leaseId, effect.data.stage]] : [],
  );
const periodic = { type: "timer", name: "periodic" } as const;
const over = { type: "timer", name: "cooperation" } as const;
const term = { type: "signal", name: "SIGTERM" } as const;
const pause = { type: "control", requestId: "r", request: { command: "pause" } } as const;

describe("before a periodic checkpoint", () => {
  test("a job is asked and waited for, and then all is frozen and it counts as ready", () => {
    const { see, answer, frozen } = cooperating();
    const asked = see(periodic);
    expect(asked).toContainEqual({ kind: "askCooperation", leaseId: "lease-1", generation: 1, cooperative });
    expect(freezes(asked)).toBe(false);
    const ready = answer("lease-1");
    expect(freezes(ready)).toBe(true);
    expect(stages(ready)).toEqual([["lease-1", "ready"]]);
    expect(saved(frozen())).toEqual([["lease-1", true]]);
  });

  test("one that does not answer is frozen when its time is over, and said to be given up", () => {
    const { see, answer, frozen, pass } = cooperating();
    expect(see(periodic)).toContainEqual(expect.objectContaining({ kind: "setTimer", delayMs: 2_000 }));
    pass(1_999);
    expect(freezes(see(over))).toBe(false);
    pass(1);
    const late = see(over);
    expect(freezes(late)).toBe(true);
    expect(stages(late)).toEqual([["lease-1", "given-up"]]);
    expect(kindsOf(late)).toContain("endCooperation");
    // Its answer comes now, and changes nothing.
    expect(answer("lease-1")).toEqual([]);
    expect(saved(frozen())).toEqual([["lease-1", false]]);
  });

  test("nobody is waited for longer than a quarter of the interval", () => {
    const { see } = cooperating({ checkpointIntervalMs: 4_000 });
    expect(see(periodic)).toContainEqual(expect.objectContaining({ name: "cooperation", delayMs: 1_000 }));
  });

  test("one that cannot hear is not waited for, nor one that has ended, and the others are", () => {
    const { see, answer, frozen } = cooperating({ jobs: 3 });
    see(periodic);
    expect(freezes(answer("lease-1", "unheard"))).toBe(false);
    const reason = { by: "itself", exitCode: 0 } as const;
    const exit = { reason, progress: 1, result: null, resultProblem: null };
    expect(freezes(see({ type: "sandboxExited", leaseId: "lease-2", ...exit }))).toBe(false);
    const last = answer("lease-3");
    expect(freezes(last)).toBe(true);
    expect(stages(last)).toEqual([
      ["lease-3", "ready"],
      ["lease-2", "ended"],
    ]);
    expect(saved(frozen())).toEqual([
      ["lease-1", false],
      ["lease-3", true],
    ]);
  });

  test("each is waited for by its own time, and the last of those who are left ends it", () => {
    const world = new ModelWorld({ slots: 2 });
    world.drain();
    for (const waitMs of [5_000, 1_000]) {
      world.broker.cooperative = { ...cooperative, waitMs };
      world.broker.jobsQueued = 1;
      world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
      world.drain();
    }
    const beganAtMs = world.nowMs;
    world.see(periodic);
    expect(world.timers.get("cooperation")).toBe(beganAtMs + 5_000);
    world.see({ type: "cooperated", leaseId: "lease-1", generation: 1, answer: "ready" });
    expect(world.timers.get("cooperation")).toBe(beganAtMs + 1_000);
    world.nowMs += 1_000;
    world.see(over);
    expect(world.core.freeze?.generation).toBe(1);
  });

  test("jobs that do not cooperate are asked for nothing, and wait for nobody where they are alone", () => {
    const mixed = cooperating({ jobs: 1, plain: 1 });
    expect(stages(mixed.see(periodic))).toEqual([["lease-2", "asked"]]);
    mixed.answer("lease-2");
    expect(saved(mixed.frozen())).toEqual([
      ["lease-1", null],
      ["lease-2", true],
    ]);
    const alone = cooperating({ jobs: 0, plain: 1 });
    expect(freezes(alone.see(periodic))).toBe(true);
  });
});

describe("whoever wants everything to stop waits for no job", () => {
  test.each<[string, AgentInput]>([
    ["the owner's pause", pause],
    ["the operator's pause", { type: "brokerEvent", event: { event: "pause", data: { reason: "" } } }],
    ["the owner's withdrawal", { type: "control", requestId: "r", request: { command: "withdraw" } }],
  ])("%s freezes before anything else, asked or not", (_, wish) => {
    expect(kindsOf(cooperating().see(wish))[0]).toBe("freezeAll");
    const { see, frozen } = cooperating();
    see(periodic);
    const stopped = see(wish);
    expect(kindsOf(stopped)[0]).toBe("freezeAll");
    expect(stages(stopped)).toEqual([["lease-1", "given-up"]]);
    expect(saved(frozen())).toEqual([["lease-1", false]]);
  });
});

describe("before a shutdown", () => {
  test("jobs are asked, and nothing is ended before they are ready and saved", () => {
    const { see, answer, frozen } = cooperating();
    const asked = see(term);
    expect(stages(asked)).toEqual([["lease-1", "asked"]]);
    expect(freezes(asked)).toBe(false);
    expect(kindsOf(asked)).not.toContain("terminateSandbox");
    expect(freezes(answer("lease-1"))).toBe(true);
    const stands = frozen();
    expect(saved(stands)).toEqual([["lease-1", true]]);
    expect(kindsOf(stands)).not.toContain("terminateSandbox");
  });

  test("what a periodic checkpoint asked is taken over, and waited for as long as the job may be", () => {
    const { see, pass } = cooperating({ checkpointIntervalMs: 4_000 });
    see(periodic);
    pass(900);
    const taken = see(term);
    expect([stages(taken), freezes(taken)]).toEqual([[], false]);
    pass(1_099);
    expect(freezes(see(over))).toBe(false);
    pass(1);
    expect(freezes(see(over))).toBe(true);
  });

  test.each<[string, AgentInput]>([
    ["a second signal", term],
    ["a pause", pause],
    ["a withdrawal", { type: "control", requestId: "r", request: { command: "withdraw" } }],
  ])("%s ends the wait at once", (_, wish) => {
    const { see, pass } = cooperating();
    see(term);
    pass(600);
    expect(kindsOf(see(wish))[0]).toBe("freezeAll");
  });

  test("a second signal counts from the first one, not from the freeze that came late", () => {
    const { see, answer, frozen, pass, core } = cooperating();
    see(term);
    pass(400);
    answer("lease-1");
    frozen();
    pass(200);
    see(term);
    expect(core().shutdown?.level).toBe(2);
  });

  test("a job that was being prepared is not started any more, though nothing is frozen yet", () => {
    const world = new ModelWorld({ slots: 2 });
    world.broker.cooperative = cooperative;
    const submit = (): void => {
      world.broker.jobsQueued = 1;
      world.see({ type: "brokerEvent", event: { event: "work_available", data: { queued: 1 } } });
    };
    world.drain();
    submit();
    world.drain();
    submit();
    world.goOnUntil(() => world.core.leases["lease-2"]?.stage === "preparing");
    world.see(term);
    world.goOnUntil(() => world.core.leases["lease-2"]?.stage !== "preparing");
    expect(world.core.freeze).toBe(null);
    expect([world.core.leases["lease-2"]?.stage, world.alive()]).toEqual(["held", ["lease-1"]]);
  });

  test("a paused host stays as it is", () => {
    const { see, frozen } = cooperating();
    see(pause);
    frozen();
    expect(stages(see(term))).toEqual([]);
  });
});
