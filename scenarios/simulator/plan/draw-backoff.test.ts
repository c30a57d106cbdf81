import { expect, test } from "vitest";

import { brokenTimingRules } from "../../../protocol/timing-rules.ts";
import { seededTape } from "../kernel/choices.ts";
import { withBackoff } from "./draw-backoff.ts";
import { livenessMsOf } from "./liveness-bound.ts";
import { planFor } from "./profiles.ts";

const { options } = planFor({ seed: "backoff", profile: "quick" });

test("half of the plans have another backoff, from hardly any to long ones, and are given the time for it", () => {
  const firsts = new Set<number>();
  let unusual = 0;
  for (let number = 0; number < 400; number += 1) {
    const drawn = withBackoff(seededTape(`backoff-${number}`).stream("backoff"), options);
    if (drawn === options) continue;
    unusual += 1;
    firsts.add(drawn.timing.backoffMs);
    expect(brokenTimingRules(drawn.timing)).toEqual([]);
    expect(drawn.livenessMs).toBe(livenessMsOf(drawn.timing));
  }
  expect(unusual).toBeGreaterThan(120);
  expect(unusual).toBeLessThan(280);
  expect(Math.min(...firsts)).toBe(1);
  expect(Math.max(...firsts)).toBeGreaterThanOrEqual(2_048);
});
