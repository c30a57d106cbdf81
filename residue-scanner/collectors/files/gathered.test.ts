import { expect, it } from "vitest";

import { packTree } from "../../testing/packed-tree-fixture.ts";
import { rootsPath, type Segment, type Tree } from "../../core/packed-tree.ts";
import { diffTrees } from "../../core/tree-diff.ts";
import { gatherDelta, type Gathering, gatherPacked, gatherWhole } from "./gathered.ts";

const before = { "/a": ["one", "two"], "/b": ["three"], "/c": [{ name: "four", size: 4 }] };
const after = { "/a": ["one", "two"], "/c": [{ name: "four", size: 5 }], "/d": ["five"] };

function gathered(gathering: Gathering, directories: Parameters<typeof packTree>[0]): Tree {
  for (const segment of packTree(directories)) gathering.take(segment);
  return gathering.finish(packTree({ [rootsPath]: ["/"] })[0] as Segment);
}

it("a reading that is kept packed tells what differs as one that is not", () => {
  const [whole, packed] = [gathered(gatherWhole(), before), gathered(gatherPacked(), before)];
  expect(diffTrees(whole, packed)).toEqual({ differences: [], crowds: [] });
  const found = (baseline: Tree) =>
    diffTrees(baseline, gathered(gatherDelta(baseline), after)).differences.map((each) => [
      each.path,
      each.before === null,
      each.after === null,
    ]);
  expect(found(packed)).toEqual(found(whole));
  expect(found(packed).map(([path]) => path)).toEqual(["/c/four", "/d/five", "/b/three"]);
});

it("what is as it was takes no room of its own", () => {
  const packed = gathered(gatherPacked(), before);
  const again = gathered(gatherDelta(packed), before);
  expect(again.segments.slice(0, packed.segments.length)).toEqual(packed.segments);
  expect(again.segments.slice(packed.segments.length).reduce((sum, { used }) => sum + used, 0)).toBe(0);
});
