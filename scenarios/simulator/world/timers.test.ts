import { expect, test } from "vitest";

import { SmallWorld } from "../testing/small-world.ts";
import { timerNames } from "./agent-timer-names.ts";
import { Timers } from "./timers.ts";

/** A process with timers, which can be made to stand still. */
function scene() {
  const small = new SmallWorld();
  const fired: [number, string][] = [];
  const process = { standsStill: false };
  const target = {
    happen(what: number) {
      if (process.standsStill) return timers.miss(what);
      const name = timers.take(what);
      if (name !== null) fired.push([small.nowMs, name]);
    },
  };
  const timers = new Timers(small.world, target, timerNames);
  return { small, fired, process, timers };
}

test("a timer fires once, when it is due", () => {
  const { small, fired, timers } = scene();
  timers.set("heartbeat", 100);
  timers.set("leases", 50);
  small.passUntil(5_000);
  expect(fired).toEqual([
    [50, "leases"],
    [100, "heartbeat"],
  ]);
});

test("a timer says whether it is set, and when it is due", () => {
  const { small, timers } = scene();
  expect([timers.areSet, timers.dueInMs("outbox")]).toEqual([[], Infinity]);
  timers.set("outbox", 100);
  small.passUntil(30);
  expect([timers.areSet, timers.dueInMs("outbox")]).toEqual([["outbox"], 70]);
  small.passUntil(200);
  expect(timers.areSet).toEqual([]);
});

test("one that is set to a later time again and again keeps one event in the heap", () => {
  const { small, fired, timers } = scene();
  timers.set("leases", 100);
  for (let atMs = 10; atMs < 1_000; atMs += 10) small.at(atMs, () => timers.set("leases", 100));
  small.passUntil(555);
  expect(small.world.heap.size).toBe(44 + 1);
  small.passUntil(5_000);
  expect(fired).toEqual([[1_090, "leases"]]);
});

test("one that is set to an earlier time fires then, and not at the first one", () => {
  const { small, fired, timers } = scene();
  timers.set("outbox", 1_000);
  small.at(100, () => timers.set("outbox", 50));
  small.passUntil(5_000);
  expect(fired).toEqual([[150, "outbox"]]);
});

test("one that fired early and was set again to its first time fires once more", () => {
  const { small, fired, timers } = scene();
  timers.set("outbox", 1_000);
  small.at(100, () => timers.set("outbox", 50));
  small.at(200, () => timers.set("outbox", 800));
  small.passUntil(5_000);
  expect(fired).toEqual([
    [150, "outbox"],
    [1_000, "outbox"],
  ]);
});

test("one that was cleared does not fire, unless it is set again", () => {
  const { small, fired, timers } = scene();
  timers.set("periodic", 100);
  timers.set("snapshot", 100);
  timers.clear("periodic");
  timers.clear("snapshot");
  timers.set("snapshot", 300);
  small.passUntil(5_000);
  expect(fired).toEqual([[300, "snapshot"]]);
});

test("those that were missed fire once when the process goes on, the others in their time", () => {
  const { small, fired, process, timers } = scene();
  timers.set("heartbeat", 100);
  timers.set("leases", 150);
  timers.set("shutdown", 120);
  timers.set("periodic", 2_000);
  small.at(10, () => (process.standsStill = true));
  small.at(1_000, () => {
    timers.clear("shutdown");
    process.standsStill = false;
    timers.rearm();
  });
  small.passUntil(5_000);
  expect(fired).toEqual([
    [1_000, "heartbeat"],
    [1_000, "leases"],
    [2_000, "periodic"],
  ]);
});

test("a timer that nobody knows, or that never comes, is refused", () => {
  const { timers } = scene();
  expect(() => timers.set("nothing" as "leases", 1)).toThrow(/timer nothing/);
  expect(() => timers.clear("nothing" as "leases")).toThrow(/timer nothing/);
  for (const delayMs of [Number.NaN, -1, Infinity]) expect(() => timers.set("leases", delayMs)).toThrow(/comes/);
});
