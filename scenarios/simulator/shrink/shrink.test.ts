import { describe, expect, it } from "vitest";

import { defaultTiming } from "../../../protocol/timing.ts";
import { JobBehaviour, type Plan, type PlanStep } from "../plan/plan.ts";
import { shrink } from "./shrink.ts";
import type { ShrinkSearchOptions } from "./shrink-search.ts";
import { submit, toyPlan, type ToyRule, toySimulation } from "./testing/toy-simulation.ts";

const kill: PlanStep = { atMs: 31_313, do: "kill-agent", agent: 3, downMs: 4_321, afterEffects: 17, edge: "torn" };
const withdraw: PlanStep = { atMs: 54_321, do: "withdraw", agent: 3, deadlineMs: 61_000 };
const safety = { invariant: "lease-exclusivity", kind: "safety" } as const;
const wanted = { ...safety, atMs: 0, story: [] };

/** Fails when the agent that was killed withdraws later. */
const killedThenWithdraws: ToyRule = ({ steps }) => {
  const killed = steps.findIndex((step) => step.do === "kill-agent");
  const agent = (steps[killed] as { agent?: number } | undefined)?.agent;
  const after = steps.find((step, index) => index > killed && step.do === "withdraw" && step.agent === agent);
  return killed < 0 || after === undefined ? null : { ...safety, atMs: after.atMs + 10 };
};

function shrunk(plan: Plan, rule: ToyRule, more: Partial<ShrinkSearchOptions> = {}) {
  const { simulate, seen } = toySimulation(rule);
  const budget = { runsMax: 5_000, giveUp: () => false };
  return { ...shrink({ plan, failure: wanted, simulate, budget, ...more }), seen };
}

describe("shrinking", () => {
  it("leaves what a failure needs, as plain as can be", () => {
    const { plan, outcome } = shrunk(toyPlan([submit(500), kill, withdraw], { idle: 300 }), killedThenWithdraws);
    expect(plan.steps).toEqual([
      { atMs: 0, do: "kill-agent", agent: 0, downMs: 0, afterEffects: 0, edge: "after" },
      { atMs: 0, do: "withdraw", agent: 0, deadlineMs: 61_000 },
    ]);
    expect(plan.tape).toEqual([]);
    expect(plan.options).toMatchObject({
      agents: 1,
      slots: 1,
      timing: defaultTiming,
      clockSkewMs: 0,
      latencyMsMax: plan.options.latencyMsMin,
      encoding: "objects",
      livenessMs: 900_000,
    });
    expect(plan.options.safetyMs).toBeLessThanOrEqual(1_000);
    expect(plan.shows).toEqual({ invariant: "lease-exclusivity", story: outcome.failure?.story });
  });

  it("does not take another violation for the one it is about", () => {
    const rule: ToyRule = (plan) =>
      killedThenWithdraws(plan, null as never) ??
      (plan.steps.length > 0 ? { invariant: "transitions", kind: "safety", atMs: 1 } : null);
    const { outcome } = shrunk(toyPlan([kill, withdraw], { idle: 20 }), rule);
    expect(outcome.failure?.invariant).toBe("lease-exclusivity");
  });

  it("tells two broken asserts apart, though both go by one name", () => {
    const crash = { invariant: "assertion", kind: "crash", atMs: 60_000 } as const;
    const rule: ToyRule = (plan) =>
      plan.steps.length === 0
        ? { ...crash, story: ["there is a step"] }
        : killedThenWithdraws(plan, null as never) && {
            ...crash,
            story: [`lease 123e4567-${plan.steps.length} is live`],
          };
    const failure = { ...crash, story: ["lease 99aaaa99-0 is live"] };
    const { plan, outcome } = shrunk(toyPlan([kill, withdraw], { idle: 20 }), rule, { failure });
    expect(plan.steps).toHaveLength(2);
    expect(outcome.failure?.story[0]).toMatch(/is live$/);
  });

  it("goes on naming the same job when submissions before it are left out", () => {
    const cancelsTheBadOne: ToyRule = ({ steps }) => {
      const jobs = steps.flatMap((step) => (step.do === "submit" ? Array(step.jobs).fill(step.behaviour) : []));
      const cancel = steps.find(
        (step) => step.do === "cancel" && jobs[step.job % jobs.length]?.onTerm === "unkillable",
      );
      return cancel === undefined ? null : { ...safety, atMs: cancel.atMs };
    };
    const bad = submit(2_000, 5, { onTerm: "unkillable", children: 9, exitCode: 4 });
    const { plan } = shrunk(toyPlan([submit(1_000, 7), bad, { atMs: 9_000, do: "cancel", job: 22 }]), cancelsTheBadOne);
    expect(plan.steps).toEqual([
      { atMs: 0, do: "submit", jobs: 1, behaviour: JobBehaviour.parse({ onTerm: "unkillable" }) },
      { atMs: 0, do: "cancel", job: 0 },
    ]);
  });

  it("keeps two agents when it takes two", () => {
    const twoPause: ToyRule = ({ steps }) => {
      const paused = new Set(steps.flatMap((step) => (step.do === "pause" ? [step.agent] : [])));
      return paused.size >= 2 ? { ...safety, atMs: 100_000 } : null;
    };
    const { plan } = shrunk(toyPlan([], { idle: 60, agents: 50 }), twoPause);
    expect(plan.options.agents).toBe(2);
    expect(plan.steps.map((step) => [step.do, (step as { agent: number }).agent])).toEqual([
      ["pause", expect.any(Number)],
      ["pause", expect.any(Number)],
    ]);
  });

  it("takes the seed's decisions apart when the failure needs one of them", () => {
    // The seventh message of the third link must be late by more than 40 of 90.
    const late: ToyRule = (_, tape) => {
      let value = 0;
      for (let link = 0; link < 8; link += 1) {
        const stream = tape.stream(`network:${link}`);
        for (let message = 0; message < 50; message += 1) {
          const drawn = stream.upTo("latency", 90);
          if (link === 3 && message === 7) value = drawn;
        }
      }
      return value > 40 ? { ...safety, atMs: 5_000 } : null;
    };
    const seed = ["a", "b", "c", "d", "e", "f", "g", "h"].find((name) => {
      const { simulate } = toySimulation(late);
      return simulate({ ...toyPlan([]), seed: name }).failure !== null;
    });
    const { plan, runs } = shrunk({ ...toyPlan([], { idle: 30 }), seed: seed as string }, late);
    expect(plan.steps).toEqual([]);
    expect(plan.tape).toHaveLength(1);
    const [choice] = plan.tape as Exclude<Plan["tape"], "seeded">;
    expect(choice).toMatchObject({ stream: "network:3", index: 7, kind: "latency" });
    expect(choice?.value).toBeGreaterThan(40);
    expect(choice?.value).toBeLessThanOrEqual(50);
    expect(runs).toBeLessThan(200);
  });

  it("lets one delay do the work of several", () => {
    const lateTogether: ToyRule = (_, tape) => {
      const stream = tape.stream("link:0");
      let sum = 0;
      for (let message = 0; message < 12; message += 1) sum += stream.upTo("latency", 100);
      return sum >= 150 ? { ...safety, atMs: 5_000 } : null;
    };
    const { plan } = shrunk(toyPlan([]), lateTogether);
    // Two at least, because one delay is at most 100.
    expect(plan.tape).toHaveLength(2);
  });

  it("moves a step instead of delaying what it meets", () => {
    // The kill must fall into the 30 ms after the message, which the seed delays.
    const meets: ToyRule = ({ steps }, tape) => {
      const step = steps.find(({ do: kind }) => kind === "kill-agent");
      const arrivesMs = 31_100 + tape.stream("link:3").upTo("latency", 900) + tape.stream("link:4").upTo("latency", 90);
      const afterMs = step === undefined ? -1 : step.atMs - arrivesMs;
      return afterMs >= 0 && afterMs < 30 ? { ...safety, atMs: arrivesMs } : null;
    };
    const { simulate } = toySimulation(meets);
    const seed = Array.from({ length: 5_000 }, (_, index) => `meets-${index}`).find(
      (name) => simulate({ ...toyPlan([kill]), seed: name }).failure !== null,
    );
    const { plan } = shrunk({ ...toyPlan([kill]), seed: seed as string }, meets);
    expect(plan).toMatchObject({ tape: [], steps: [{ do: "kill-agent" }] });
  });

  it("never blames slowness that it made itself", () => {
    // Ends in time unless there is more than 40 s of work for a slot, or a link was cut for long enough.
    const tooLate: ToyRule = ({ steps, options }) => {
      const workMs = steps.reduce(
        (sum, step) => sum + (step.do === "submit" ? step.jobs * step.behaviour.units * step.behaviour.unitMs : 0),
        0,
      );
      const cut = steps.some((step) => step.do === "disturb-link" && step.forMs > 5_000);
      const tooMuch = workMs / (options.agents * options.slots) > 40_000;
      return cut || tooMuch ? { invariant: "jobs-settled", kind: "liveness", atMs: 1_500_000 } : null;
    };
    const cut: PlanStep = {
      atMs: 5_000,
      do: "disturb-link",
      agent: 1,
      forMs: 90_210,
      direction: "to-agent",
      how: "lossy",
    };
    const { plan } = shrunk(toyPlan([submit(1_000, 60), cut], { idle: 40 }), tooLate, {
      failure: { invariant: "jobs-settled", kind: "liveness", atMs: 1_500_000, story: [] },
    });
    expect(plan.steps).toEqual([expect.objectContaining({ do: "disturb-link", direction: "both", how: "cut" })]);
    expect(plan.options.timing.heartbeatIntervalMs).toBe(1_717);
    expect(plan.options.livenessMs).toBe(900_000);
  });

  it("does the same every time", () => {
    const plan = toyPlan([submit(500), kill, withdraw], { idle: 80 });
    const [one, other] = [shrunk(plan, killedThenWithdraws), shrunk(plan, killedThenWithdraws)];
    expect(one.seen).toEqual(other.seen);
    expect(one.plan).toEqual(other.plan);
  });

  it("runs no plan twice that did not fail", () => {
    const { seen } = shrunk(toyPlan([kill, withdraw], { idle: 9 }), killedThenWithdraws);
    const passed = seen.filter((plan) => killedThenWithdraws(plan, null as never) === null);
    expect(new Set(passed.map((plan) => JSON.stringify(plan))).size).toBe(passed.length);
  });

  it("stops with the best it has when the budget is spent, or it is told to", () => {
    const plan = toyPlan([kill, withdraw], { idle: 300 });
    const limited = shrunk(plan, killedThenWithdraws, { budget: { runsMax: 7, giveUp: () => false } });
    expect(limited.runs).toBeLessThanOrEqual(8);
    expect(limited.outcome.failure).not.toBeNull();
    const told = shrunk(plan, killedThenWithdraws, { budget: { runsMax: 5_000, giveUp: () => true } });
    expect(told).toMatchObject({ runs: 1, plan: { steps: plan.steps } });
  });

  it("says so when the failure does not happen again", () => {
    const { outcome, runs } = shrunk(toyPlan([], { idle: 5 }), killedThenWithdraws);
    expect({ failure: outcome.failure, runs }).toEqual({ failure: null, runs: 1 });
  });

  it("tells how it is getting on", () => {
    const told: number[] = [];
    shrunk(toyPlan([kill, withdraw], { idle: 100 }), killedThenWithdraws, {
      progress: ({ steps }) => told.push(steps),
    });
    expect(told[0]).toBeGreaterThan(2);
    expect(told.at(-1)).toBe(2);
  });
});
