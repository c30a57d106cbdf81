import { expect, test } from "vitest";

import { seededTape } from "../kernel/choices.ts";
import { drawRareSituation } from "./draw-rare-situation.ts";
import { Plan } from "./plan.ts";
import { planFor } from "./profiles.ts";

const { options } = planFor({ seed: "rare situations", profile: "quick" });

test("each is a few steps of a plan, begun when everybody has joined, with work for everybody", () => {
  const kinds = new Set<string>();
  for (let number = 0; number < 200; number += 1) {
    const steps = drawRareSituation(seededTape(`rare-${number}`).stream("rare situation"), options);
    const plan = Plan.parse({ version: 1, seed: "s", profile: "quick", options, steps, tape: "seeded" });
    expect(plan.steps[0]?.do).toBe("submit");
    expect(Math.min(...steps.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(options.joinWithinMs);
    kinds.add([...new Set(steps.map((step) => step.do))].sort().join());
  }
  expect(kinds.size).toBeGreaterThanOrEqual(9);
});

test("a plan lasts until its last step was taken", () => {
  let longest = 0;
  for (let number = 0; number < 100; number += 1) {
    const plan = planFor({ seed: `rare-${number}`, profile: "quick" });
    longest = Math.max(longest, plan.options.safetyMs);
    expect(plan.steps.every(({ atMs }) => atMs <= plan.options.safetyMs)).toBe(true);
  }
  expect(longest).toBeGreaterThan(60_000);
});
