import { expect, test } from "vitest";

import { seededTape } from "../kernel/choices.ts";
import { drawLeaving } from "./draw-leaving.ts";
import { Plan } from "./plan.ts";
import { planFor } from "./profiles.ts";

const { options } = planFor({ seed: "leaving", profile: "quick" });

test("each is a few steps of a plan, begun when everybody has joined, with work for everybody", () => {
  const kinds = new Set<string>();
  for (let number = 0; number < 200; number += 1) {
    const steps = drawLeaving(seededTape(`leaving-${number}`).stream("leaving"), options);
    const plan = Plan.parse({ version: 1, seed: "s", profile: "quick", options, steps, tape: "seeded" });
    expect(plan.steps[0]).toMatchObject({ do: "submit", jobs: options.agents * options.slots });
    expect(steps[0]?.atMs).toBeGreaterThanOrEqual(options.joinWithinMs);
    kinds.add([...new Set(steps.map((step) => step.do))].sort().join());
  }
  expect(kinds.size).toBeGreaterThanOrEqual(6);
});
