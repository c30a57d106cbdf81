import { expect, it } from "vitest";

import { act } from "../testing/recording-fixture.ts";
import { ActsInTime } from "./acts-in-time.ts";

const times = [
  [10, 20],
  [5, 50],
  [30, 31],
  [1, 1],
  [30, 90],
] as const;

it("gives the acts that count in a span of time, in their order, as a look at each of them would", () => {
  const acts = times.map(([madeMs, atMs]) => act(1, "x", { parameters: { madeMs: String(madeMs) }, atMs }));
  const fromMs = ({ parameters }: (typeof acts)[number]) => Number(parameters["madeMs"]);
  const untilMs = ({ atMs }: (typeof acts)[number]) => atMs;
  const inTime = new ActsInTime(acts, { fromMs, untilMs });
  for (let byMs = 0; byMs < 100; byMs += 1)
    for (let sinceMs = 0; sinceMs < 100; sinceMs += 1)
      expect(inTime.within({ byMs, sinceMs })).toEqual(
        acts.filter((each) => fromMs(each) <= byMs && untilMs(each) >= sinceMs),
      );
  expect(new ActsInTime([], { fromMs, untilMs }).within({ byMs: 1, sinceMs: 1 })).toEqual([]);
});

it("gives the one of them that began first, or none", () => {
  const inTime = new ActsInTime(times, { fromMs: ([fromMs]) => fromMs, untilMs: ([, untilMs]) => untilMs });
  for (let byMs = 0; byMs < 100; byMs += 1)
    for (let sinceMs = 0; sinceMs < 100; sinceMs += 1) {
      const all = inTime.within({ byMs, sinceMs });
      const firstMs = Math.min(...all.map(([fromMs]) => fromMs));
      const earliest = inTime.earliest({ byMs, sinceMs });
      expect(earliest === null ? [] : [earliest]).toEqual(all.filter((each) => each[0] === firstMs).slice(0, 1));
    }
});
