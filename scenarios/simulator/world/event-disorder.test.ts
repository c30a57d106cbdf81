import { expect, test } from "vitest";

import { SmallWorld } from "../testing/small-world.ts";
import { EventDisorder } from "./event-disorder.ts";

/** Sends events of these names; what comes of them, in that order, and how much later than in its turn. */
function scene() {
  const { world } = new SmallWorld({ draws: { "link:0": [700] } });
  const events = new EventDisorder(world.tape.stream("link:0"));
  const line: [string, number | null][] = [];
  const send = (name: string) =>
    events.pass((laterMs) => {
      line.push([name, laterMs]);
      return true;
    });
  return { events, line, send };
}

test("an event comes once more, later by what the seed says, for as long as that is in force", () => {
  const { events, line, send } = scene();
  const end = events.begin("twice");
  expect([events.isInForce, send("pause")]).toEqual([true, true]);
  end();
  expect([events.isInForce, send("resume")]).toEqual([false, true]);
  expect(line).toEqual([
    ["pause", null],
    ["pause", 701],
    ["resume", null],
  ]);
  expect(events.hits).toBe(1);
});

test("of two events the second comes first, and one that waits is sent at the end", () => {
  const { events, line, send } = scene();
  const end = events.begin("swapped");
  for (const name of ["pause", "resume", "goodbye"]) send(name);
  expect([line.map(([name]) => name), events.hits]).toEqual([["resume", "pause"], 1]);
  end();
  expect(line.at(-1)).toEqual(["goodbye", null]);
  expect(events.hits).toBe(1);
});
