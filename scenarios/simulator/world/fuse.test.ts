import { describe, expect, test } from "vitest";

import { Fuse, type KillEdge } from "./fuse.ts";

/** Carries out so many effects, as a process does. What became of each, until it is dead. */
function carryOut(effects: number, lit: { effects: number; edge: KillEdge } | null): string[] {
  const fuse = new Fuse();
  const done: string[] = [];
  let deaths = 0;
  if (lit !== null) fuse.light({ ...lit, die: () => (deaths += 1) });
  for (let number = 1; number <= effects; number += 1) {
    if (fuse.burns("before")) break;
    done.push(fuse.tears ? `${number} torn` : `${number}`);
    if (fuse.burns("after")) break;
  }
  if (deaths > 0) done.push(`dead ${deaths}`);
  return done;
}

describe("a fuse", () => {
  test.each<[KillEdge, number, string[]]>([
    ["before", 1, ["dead 1"]],
    ["before", 3, ["1", "2", "dead 1"]],
    ["torn", 1, ["dead 1"]],
    ["torn", 3, ["1", "2", "dead 1"]],
    ["after", 1, ["1", "dead 1"]],
    ["after", 3, ["1", "2", "3", "dead 1"]],
    ["after", 5, ["1", "2", "3", "4", "5", "dead 1"]],
    ["before", 6, ["1", "2", "3", "4", "5"]],
    ["after", 6, ["1", "2", "3", "4", "5"]],
  ])("%s effect %i of five ends the process there", (edge, effects, expected) => {
    expect(carryOut(5, { effects, edge })).toEqual(expected);
  });
});
