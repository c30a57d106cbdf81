import { expect, test } from "vitest";

import { SmallWorld } from "../testing/small-world.ts";
import { Stall } from "./stall.ts";

function scene() {
  const small = new SmallWorld();
  const seen: [number, string][] = [];
  const target = { happen: (_what: number, detail: unknown) => void seen.push([small.nowMs, String(detail)]) };
  const stall = new Stall(small.world, target, () => seen.push([small.nowMs, "goes on"]));
  return { small, seen, stall };
}

test("what comes while a process stands still is seen when it goes on, in order", () => {
  const { small, seen, stall } = scene();
  small.at(100, () => stall.begin(1_000));
  small.at(200, () => stall.defer(0, "first"));
  small.at(300, () => stall.defer(0, "second"));
  small.passUntil(1_099);
  expect([stall.isOn, seen, stall.totalMs]).toEqual([true, [], 999]);
  small.passUntil(5_000);
  expect(seen).toEqual([
    [1_100, "goes on"],
    [1_100, "first"],
    [1_100, "second"],
  ]);
  expect([stall.isOn, stall.totalMs]).toEqual([false, 1_000]);
});

test("of two that overlap the longer one counts, once", () => {
  const { small, seen, stall } = scene();
  small.at(0, () => stall.begin(1_000));
  small.at(500, () => stall.begin(100));
  small.at(800, () => stall.begin(1_000));
  small.passUntil(5_000);
  expect(seen).toEqual([[1_800, "goes on"]]);
  expect(stall.totalMs).toBe(1_800);
});

test("it can be ended early, and then does not end again", () => {
  const { small, seen, stall } = scene();
  stall.end();
  small.at(0, () => stall.begin(1_000));
  small.at(300, () => stall.end());
  small.at(600, () => stall.begin(1_000));
  small.passUntil(1_000);
  expect([seen, stall.isOn]).toEqual([[[300, "goes on"]], true]);
  small.passUntil(5_000);
  expect(seen).toEqual([
    [300, "goes on"],
    [1_600, "goes on"],
  ]);
  expect(stall.totalMs).toBe(1_300);
});
