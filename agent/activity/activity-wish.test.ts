import { expect, test } from "vitest";

import { type ActivityWish, isWished, settledWish } from "./activity-wish.ts";

const before: ActivityWish = { touch: ["/p"], loadShare: 0.5, input: true, schedules: ["* * * * *"], quietS: 60 };

test("without a word nothing is watched, and a later start keeps what there was", () => {
  expect(isWished(settledWish({}))).toBe(false);
  expect(settledWish({}).quietS).toBe(300);
  expect(settledWish({}, before)).toEqual(before);
});

test("triggers that are given take the place of all those of before; the quiet time stays unless it is given", () => {
  const given = settledWish({ touch: ["/q"] }, before);
  expect(given).toEqual({ touch: ["/q"], loadShare: null, input: false, schedules: [], quietS: 60 });
  expect(settledWish({ input: true, quietS: 5 }, before)).toMatchObject({ touch: [], input: true, quietS: 5 });
});

test("a quiet time alone leaves the triggers, and all of them can be forgotten", () => {
  expect(settledWish({ quietS: 7 }, before)).toEqual({ ...before, quietS: 7 });
  expect(isWished(settledWish({ nothing: true }, before))).toBe(false);
});
