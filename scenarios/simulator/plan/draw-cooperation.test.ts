import { expect, test } from "vitest";

import { seededTape } from "../kernel/choices.ts";
import { drawCooperation, withCooperation } from "./draw-cooperation.ts";
import { JobBehaviour, Plan, type PlanStep } from "./plan.ts";
import { planFor } from "./profiles.ts";

const { options } = planFor({ seed: "cooperation", profile: "quick" });

test("each is a few steps of a plan, begun when everybody has joined, with jobs that say that they cooperate", () => {
  const kinds = new Set<string>();
  for (let number = 0; number < 200; number += 1) {
    const steps = drawCooperation(seededTape(`cooperation-${number}`).stream("cooperation"), options);
    const plan = Plan.parse({ version: 1, seed: "s", profile: "quick", options, steps, tape: "seeded" });
    expect(plan.steps[0]).toMatchObject({ do: "submit", behaviour: { cooperates: expect.not.stringMatching(/^no$/) } });
    expect(Math.min(...steps.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(options.joinWithinMs);
    kinds.add(steps.map((step) => step.do).join());
  }
  expect(kinds.size).toBeGreaterThanOrEqual(8);
});

test("some jobs cooperate in each of the ways, and nothing else of them changes", () => {
  const plain: PlanStep = { atMs: 1, do: "submit", jobs: 1, behaviour: JobBehaviour.parse({ units: 7 }) };
  const [, ...drawn] = withCooperation(seededTape("ways").stream("cooperation"), [
    { atMs: 0, do: "pause", agent: 0 },
    ...Array.from({ length: 200 }, () => plain),
  ]);
  const ways = new Map<string, number>();
  for (const step of drawn) {
    if (step.do !== "submit") throw new Error("every step stays what it is");
    const { cooperates, cooperationWaitMs, ...behaviour } = step.behaviour;
    expect({ ...step, behaviour: { ...behaviour, cooperates: "no", cooperationWaitMs: 500 } }).toEqual(plain);
    expect(cooperationWaitMs).toBeGreaterThan(0);
    ways.set(cooperates, (ways.get(cooperates) ?? 0) + 1);
  }
  expect([...ways.keys()].sort()).toEqual(["deaf", "inTime", "late", "never", "no"]);
  expect(ways.get("no")).toBeGreaterThan(100);
});
