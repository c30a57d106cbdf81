import { describe, expect, test } from "vitest";

import { Fuse, type KillEdge } from "./fuse.ts";

/** Carries out so many effects, as a process does. What became of each, until it is dead. */
function carryOut(effects: number, lit: { effects: number; edge: KillEdge }, { journals = true } = {}): string[] {
  const fuse = new Fuse();
  const done: string[] = [];
  let deaths = 0;
  fuse.light({ ...lit, die: () => (deaths += 1) });
  for (let number = 1; number <= effects; number += 1) {
    if (fuse.burns("before")) break;
    if (journals && fuse.tears()) {
      done.push(`${number} torn`);
      break;
    }
    done.push(`${number}`);
    if (fuse.burns("after")) break;
  }
  if (deaths > 0) done.push(`dead ${deaths}`);
  return done;
}

describe("a fuse", () => {
  test.each<[KillEdge, number, string[]]>([
    ["before", 1, ["dead 1"]],
    ["before", 3, ["1", "2", "dead 1"]],
    ["torn", 1, ["1 torn", "dead 1"]],
    ["torn", 3, ["1", "2", "3 torn", "dead 1"]],
    ["torn", 6, ["1", "2", "3", "4", "5"]],
    ["after", 1, ["1", "dead 1"]],
    ["after", 3, ["1", "2", "3", "dead 1"]],
    ["after", 5, ["1", "2", "3", "4", "5", "dead 1"]],
    ["before", 6, ["1", "2", "3", "4", "5"]],
    ["after", 6, ["1", "2", "3", "4", "5"]],
  ])("%s effect %i of five ends the process there", (edge, effects, expected) => {
    expect(carryOut(5, { effects, edge })).toEqual(expected);
  });

  test("that would tear a line ends an effect which writes none after it", () => {
    expect(carryOut(5, { effects: 2, edge: "torn" }, { journals: false })).toEqual(["1", "2", "dead 1"]);
  });

  test("that was put out kills nobody", () => {
    const fuse = new Fuse();
    let deaths = 0;
    fuse.light({ effects: 1, edge: "torn", die: () => (deaths += 1) });
    fuse.putOut();
    expect([fuse.burns("before"), fuse.tears(), fuse.burns("after"), deaths]).toEqual([false, false, false, 0]);
  });
});
