import { expect, test } from "vitest";

import { limits } from "../../foundation/limits.ts";
import { EventHub, type EventStream } from "./event-hub.ts";

class Listener implements EventStream {
  readonly heard: string[] = [];
  lastId: string | null = null;
  alive = true;

  send({ id, event }: { id?: string; event: string }): boolean {
    if (!this.alive) return false;
    this.heard.push(event);
    this.lastId = id ?? this.lastId;
    return true;
  }

  close(): void {
    this.alive = false;
  }
}

const pause = { event: "pause", data: { reason: "" } } as const;
const resume = { event: "resume", data: { reason: "" } } as const;
const goodbye = { event: "goodbye", data: { reason: "" } } as const;
const work = { event: "work_available", data: { queued: 1 } } as const;

test("events wait for the first stream, in order (case 23); a hint does not", () => {
  const hub = new EventHub("boot1");
  for (const event of [pause, work, resume]) hub.push("a", event);
  const listener = new Listener();
  hub.connect("a", listener, null);
  hub.push("a", work);
  expect(listener.heard).toEqual(["pause", "resume", "work_available"]);
});

test("a stream that names the last event that it saw gets all after that, and only that (case 70)", () => {
  const hub = new EventHub("boot1");
  const first = new Listener();
  hub.connect("a", first, null);
  for (const event of [pause, resume, goodbye]) hub.push("a", event);
  const second = new Listener();
  hub.connect("a", second, "boot1-1");
  expect(first.alive).toBe(false);
  expect(second.heard).toEqual(["resume", "goodbye"]);
  const third = new Listener();
  hub.connect("a", third, second.lastId);
  expect(third.heard).toEqual([]);
});

test("an id of an earlier start of the broker, or no id at all, is not taken for one of this start", () => {
  const hub = new EventHub("boot2");
  for (const event of [pause, resume]) hub.push("a", event);
  for (const foreign of ["boot1-7", "boot2-x", "boot2-1.5", "77"]) {
    const listener = new Listener();
    hub.connect("a", listener, foreign);
    expect(listener.heard).toEqual(["pause", "resume"]);
  }
  const fresh = new Listener();
  hub.connect("a", fresh, null);
  expect(fresh.heard).toEqual([]);
});

test("what a dead stream did not take is delivered to the next", () => {
  const hub = new EventHub("boot1");
  const dead = new Listener();
  hub.connect("a", dead, null);
  dead.alive = false;
  hub.push("a", goodbye);
  const next = new Listener();
  hub.connect("a", next, null);
  expect(next.heard).toEqual(["goodbye"]);
});

test("a later instance is spared what was meant for the one before, but not a pause that nobody saw", () => {
  const hub = new EventHub("boot1");
  for (const event of [pause, goodbye]) hub.push("a", event);
  hub.startInstance("a");
  const listener = new Listener();
  hub.connect("a", listener, null);
  expect(listener.heard).toEqual(["pause"]);
});

test("the number of events that are kept is bounded", () => {
  const hub = new EventHub("boot1");
  for (let event = 0; event < limits.eventReplayMax + 5; event += 1) hub.push("a", pause);
  const listener = new Listener();
  hub.connect("a", listener, null);
  expect(listener.heard).toHaveLength(limits.eventReplayMax);
});

test("only the current stream's end counts as a disconnection", () => {
  const hub = new EventHub("boot1");
  const [first, second] = [new Listener(), new Listener()];
  hub.connect("a", first, null);
  hub.connect("a", second, null);
  expect(hub.disconnected("a", first)).toBe(false);
  expect(hub.disconnected("a", second)).toBe(true);
});

test("a stream that is not let in closes no other, and one that is hears the hint given at its coming", () => {
  const hub = new EventHub("boot1");
  const living = new Listener();
  hub.connect("a", living, null);
  const earlier = new Listener();
  hub.arrive("a", earlier);
  hub.turnAway("a", earlier);
  hub.push("a", pause);
  expect([living.alive, living.heard, earlier.alive, earlier.heard]).toEqual([true, ["pause"], false, []]);
  const next = new Listener();
  hub.arrive("a", next);
  hub.push("a", work);
  hub.connect("a", next, living.lastId);
  expect([living.alive, next.heard]).toEqual([false, ["work_available"]]);
});

test("an agent whose earlier stream is turned away late has or awaits the later one", () => {
  const hub = new EventHub("boot1");
  const [earlier, later] = [new Listener(), new Listener()];
  hub.arrive("a", earlier);
  hub.arrive("a", later);
  hub.turnAway("a", earlier);
  expect(hub.hasOrAwaits("a")).toBe(true);
  hub.connect("a", later, null);
  expect(hub.hasOrAwaits("a")).toBe(true);
  hub.disconnected("a", later);
  expect(hub.hasOrAwaits("a")).toBe(false);
});

test("what is said while a stream is being admitted is heard on it, and not on the one before, which may be dead", () => {
  const hub = new EventHub("boot1");
  const before = new Listener();
  hub.connect("a", before, null);
  const next = new Listener();
  hub.arrive("a", next);
  hub.push("a", goodbye);
  hub.connect("a", next, null);
  expect([before.heard, next.heard]).toEqual([[], ["goodbye"]]);
});

test("what is said while a stream is being admitted that is turned away is heard on the one that stays, once", () => {
  const hub = new EventHub("boot1");
  const living = new Listener();
  hub.connect("a", living, null);
  const [first, second] = [new Listener(), new Listener()];
  hub.arrive("a", first);
  hub.arrive("a", second);
  hub.push("a", goodbye);
  hub.turnAway("a", first);
  expect(living.heard).toEqual([]);
  hub.turnAway("a", second);
  hub.push("a", pause);
  expect([living.heard, first.heard, second.heard]).toEqual([["goodbye", "pause"], [], []]);
});
