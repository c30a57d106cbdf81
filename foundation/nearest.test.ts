import { expect, test } from "vitest";

import { nearest } from "./nearest.ts";

const names = ["20260131T101500-withdraw-under-load", "20260130T090000-rapid-pause-resume"];

test.for([
  ["a slip of the finger", "20260131T101500-withdraw-under-laod", names[0]],
  ["a part of it", "rapid", names[1]],
  ["nothing like it", "zzz", undefined],
  ["nothing at all", "", undefined],
] as const)("%s", ([, wanted, expected]) => {
  expect(nearest(wanted, names)).toBe(expected);
});
