import { expect, test } from "vitest";

import { BrokerTime } from "./broker-time.ts";

test("an answer with another time each time brings a bounded number of warnings", () => {
  const warnings: string[] = [];
  const time = new BrokerTime({
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    windowMs: () => 300_000,
    warn: (sentence) => void warnings.push(sentence),
  });
  const hour = 3_600_000;
  for (let answer = 0; answer < 100; answer += 1) {
    const date = new Date(answer % 2 === 0 ? hour : -hour).toUTCString();
    expect(time.correct(date)).toBe(true);
  }
  expect(warnings).toHaveLength(2);
});

test.each([
  ["further than the window, is followed back at its first refusal", 3_600_000, true, 0],
  ["within the window, is signed for as before, which it takes until its next start", 120_000, false, 120_000],
])("a broker whose clock was ahead and was set right (case 10), %s", (_, aheadMs, isFollowed, nowMs) => {
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  const time = new BrokerTime({ clock, windowMs: () => 300_000, warn: () => undefined });
  expect(time.correct(new Date(aheadMs).toUTCString())).toBe(true);
  expect(time.nowMs()).toBe(aheadMs);
  expect(time.correct(new Date(0).toUTCString())).toBe(isFollowed);
  expect(time.nowMs()).toBe(nowMs);
});
