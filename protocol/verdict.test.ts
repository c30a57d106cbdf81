import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { expect, test } from "vitest";

import { verdicts, worstVerdict } from "./verdict.ts";

test.each([
  [[], "pass"],
  [["pass"], "pass"],
  [["pass", "unknown"], "unknown"],
  [["unknown", "fail", "pass"], "fail"],
] as const)("of %j the worst is %s", (results, worst) => {
  expect(worstVerdict(results)).toBe(worst);
});

property.prop([fc.array(fc.constantFrom(...verdicts)), fc.array(fc.constantFrom(...verdicts))])(
  "the worst of the worst is the worst of all, in any order",
  (some, others) => {
    expect(worstVerdict([worstVerdict(some), worstVerdict(others)])).toBe(worstVerdict([...others, ...some]));
  },
);
