import { expect, it } from "vitest";

import { packTree } from "../testing/packed-tree-fixture.ts";
import { indexTree } from "./packed-tree.ts";
import { type Packing, runsOf, storeRun } from "./stored-segments.ts";
import { diffTrees } from "./tree-diff.ts";

/** Nothing is made smaller; what comes back is a copy at an odd place. */
const oddPacking: Packing = {
  pack: (bytes) => bytes.slice(),
  unpack(packed) {
    const room = new Uint8Array(packed.length + 1);
    room.set(packed, 1);
    return room.subarray(1);
  },
};

it("a tree that is stored run by run is the same tree", () => {
  const large = Array.from({ length: 5_000 }, (_, entry) => `entry-${entry}`);
  const directories = Object.fromEntries(Array.from({ length: 3_000 }, (_, number) => [`/d${number}`, ["a", "b"]]));
  const segments = packTree({ "/first": ["one"], "/large": large, ...directories });
  const runs = segments.flatMap((segment) => runsOf(segment));
  expect(runs.length).toBeGreaterThan(3);
  expect(runs.reduce((sum, { used }) => sum + used, 0)).toBe(segments.reduce((sum, { used }) => sum + used, 0));
  const stored = runs.map((run) => storeRun(run, oddPacking));
  expect(diffTrees(indexTree(segments), indexTree(stored))).toEqual({ differences: [], crowds: [] });
});

it("those who ask for the same words while somebody has them get the same", () => {
  const [segment] = packTree({ "/d": ["one"] }).map((each) => storeRun(each, oddPacking));
  const words = segment?.words;
  expect(segment?.words).toBe(words);
});
