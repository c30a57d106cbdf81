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
