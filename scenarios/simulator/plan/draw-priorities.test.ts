import { expect, test } from "vitest";

import { limits } from "../../../foundation/limits.ts";
import { seededTape } from "../kernel/choices.ts";
import { drawPriorities } from "./draw-priorities.ts";
import { Plan, type PlanStep } from "./plan.ts";
import { planFor } from "./profiles.ts";

const { options, steps } = planFor({ seed: "priorities", profile: "quick" });
const withoutPriority = (step: PlanStep): PlanStep => {
  if (step.do !== "submit") return step;
  const { priority: _priority, ...rest } = step;
  return rest;
};
const usual = steps.map(withoutPriority);
const prioritiesOf = (all: readonly PlanStep[]) =>
  all.flatMap((step) => (step.do === "submit" ? [step.priority ?? 0] : []));

test("priorities are drawn for some plans, over their whole range, and change nothing else of a step", () => {
  const seen = new Set<number>();
  let ranked = 0;
  let crowds = 0;
  for (let number = 0; number < 2_000; number += 1) {
    const stream = seededTape(`priorities-${number}`).stream("priorities");
    const drawn = drawPriorities(stream, { steps: usual, options });
    Plan.parse({ version: 1, seed: "s", profile: "quick", options, steps: drawn, tape: "seeded" });
    expect(drawn.slice(0, usual.length).map(withoutPriority)).toEqual(usual);
    if (drawn.length > usual.length) crowds += 1;
    const priorities = prioritiesOf(drawn);
    if (priorities.some((priority) => priority !== 0)) ranked += 1;
    for (const priority of priorities) seen.add(priority);
  }
  expect([...seen].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 2 * limits.priorityMax + 1 }, (_, index) => index - limits.priorityMax),
  );
  expect(ranked).toBeGreaterThan(400);
  expect(ranked).toBeLessThan(1_000);
  expect(crowds).toBeGreaterThan(100);
});
