import { expect, test } from "vitest";

import { isUndisturbed } from "./undisturbed.ts";
import { planFor } from "./profiles.ts";

test("a plan without faults is undisturbed, whatever owners and operators ask in it", () => {
  for (let number = 0; number < 50; number += 1) {
    expect(isUndisturbed(planFor({ seed: `undisturbed-${number}`, profile: "calm" }))).toBe(true);
  }
});

test("one fault disturbs a plan", () => {
  const plan = planFor({ seed: "undisturbed", profile: "calm" });
  const broken = { ...plan, steps: [...plan.steps, { atMs: 1, do: "stall-store", forMs: 5 } as const] };
  expect(isUndisturbed(broken)).toBe(false);
});
