import { expect, test } from "vitest";

import { planFor } from "../../simulator/plan/profiles.ts";
import { simulate } from "../../simulator/simulate.ts";

/** As many seeds as the instrumented sources run in about two seconds. */
const seeds = 400;

test("the quick profile holds", () => {
  for (let number = 0; number < seeds; number += 1) {
    const seed = `stryker-${number}`;
    expect(simulate(planFor({ seed, profile: "quick" }), { digest: false }).failure, seed).toBeNull();
  }
});
