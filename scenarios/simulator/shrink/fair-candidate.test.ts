import { describe, expect, it } from "vitest";

import type { Plan, PlanOptions, PlanStep } from "../plan/plan.ts";
import { isFair } from "./fair-candidate.ts";
import { submit, toyPlan } from "./testing/toy-simulation.ts";

/** 10 jobs of 10 s for 2 agents with 4 slots each: 12.5 s a slot. */
const original = toyPlan([submit(1_000, 10)], { agents: 2 });
const withOptions = (options: Partial<PlanOptions>): Plan => ({
  ...original,
  options: { ...original.options, ...options },
});
const withSteps = (...steps: PlanStep[]): Plan => ({ ...original, steps });
const late = { kind: "liveness", invariant: "L2" } as const;
const leaves: PlanStep = { atMs: 2_000, do: "withdraw", agent: 1, deadlineMs: 60_000 };

describe("a simpler plan that is too late", () => {
  it.each<[string, Plan]>([
    ["the same", original],
    ["fewer jobs", withSteps(submit(1_000, 9))],
    ["longer jobs, but fewer", withSteps(submit(1_000, 5, { unitMs: 2_000 }))],
    ["jobs that cannot even be started", withSteps(submit(1_000, 10), submit(1_000, 50, { spawnFails: true }))],
    ["jobs that die early", withSteps(submit(1_000, 20, { diesAfterUnits: 5 }))],
    ["fewer agents for fewer jobs", { ...withSteps(submit(1_000, 5)), options: { ...original.options, agents: 1 } }],
  ])("is to blame when it has %s", (_, candidate) => {
    expect(isFair(candidate, original, late)).toBe(true);
  });

  it.each<[string, Plan]>([
    ["more jobs", withSteps(submit(1_000, 11))],
    ["longer jobs", withSteps(submit(1_000, 10, { units: 11 }))],
    ["fewer agents", withOptions({ agents: 1 })],
    ["fewer slots", withOptions({ slots: 3 })],
    ["an agent less, because it leaves", withSteps(...original.steps, leaves)],
    ["other times", withOptions({ timing: { ...original.options.timing, leaseTtlMs: 400_000 } })],
  ])("is not to blame when it has %s; for another failure it is", (_, candidate) => {
    expect(isFair(candidate, original, late)).toBe(false);
    expect(isFair(candidate, original, { ...late, kind: "safety" })).toBe(true);
  });

  it("never has another bound, times that are not mutually safe, or steps after the faults have stopped", () => {
    for (const kind of ["safety", "liveness", "crash"] as const) {
      expect(isFair(withOptions({ livenessMs: 899_999 }), original, { ...late, kind })).toBe(false);
      expect(isFair(withOptions({ safetyMs: 999 }), original, { ...late, kind })).toBe(false);
      const unsafe = { ...original.options.timing, heartbeatIntervalMs: 60_000 };
      expect(isFair(withOptions({ timing: unsafe }), original, { ...late, kind })).toBe(false);
    }
  });

  it("may keep steps that come too late to be carried out, as the original had them, and lose them one by one", () => {
    const leavesLate = { ...leaves, atMs: original.options.safetyMs + 1 };
    const drawn = withSteps(...original.steps, leavesLate, leavesLate);
    for (const kind of ["safety", "liveness", "crash"] as const) {
      expect(isFair(withSteps(...original.steps, leavesLate), drawn, { ...late, kind })).toBe(true);
      expect(isFair(withSteps(leavesLate, leavesLate, leavesLate), drawn, { ...late, kind })).toBe(false);
    }
  });

  it("was worse than it looks when its jobs could not be started", () => {
    const couldNot = { ...original, steps: [submit(1_000, 10, { spawnFails: true })] };
    expect(isFair(original, couldNot, late)).toBe(false);
  });

  it.each<[string, Plan]>([
    ["fewer jobs", withSteps(submit(1_000, 9))],
    ["jobs at another time", withSteps(submit(2_000, 10))],
    ["less time", withOptions({ safetyMs: original.options.safetyMs - 1 })],
    ["fewer agents and jobs", { ...withSteps(submit(1_000, 5)), options: { ...original.options, agents: 1 } }],
  ])("is another share of another whole when it has %s", (_, candidate) => {
    expect(isFair(candidate, original, { ...late, invariant: "WC-14" })).toBe(false);
    const broken = withSteps({ atMs: 500, do: "stall-broker", forMs: 1 }, ...original.steps);
    expect(isFair(original, broken, { ...late, invariant: "WC-14" })).toBe(true);
  });
});
