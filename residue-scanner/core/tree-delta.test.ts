import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";

import { type EntryFixture, packTree } from "../testing/packed-tree-fixture.ts";
import { blockAt, indexTree, type Tree, withSegments } from "./packed-tree.ts";
import { TreeDelta } from "./tree-delta.ts";

type Directories = Record<string, EntryFixture[]>;

const names = ["x", "y", "z\n", "\xff"];
const directories = fc
  .dictionary(
    fc.constantFrom("", "/a", "/a/b", "/c", "/d/e", "/f"),
    fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), size: fc.integer({ min: 0, max: 3 }) }), {
      selector: ({ name }) => name,
    }),
    { noNullPrototype: true },
  )
  .map((value): Directories => value);

/** Every block by its path, word for word. */
function blocksOf(tree: Tree): Record<string, string> {
  const paths = [...tree.index.keys()].sort();
  return Object.fromEntries(
    paths.map((path) => {
      const block = blockAt(tree, path);
      return [path, block === undefined ? "none" : String(block.words.slice(block.start, block.end))];
    }),
  );
}

function shared(before: Directories, after: Directories): { tree: Tree; kept: boolean[]; words: number } {
  const baseline = indexTree(packTree(before));
  const delta = new TreeDelta(baseline);
  const kept = Object.entries(after).flatMap(([path, entries]) =>
    packTree({ [path]: entries }).map((segment) => delta.add(segment)),
  );
  const segments = delta.finish();
  const words = segments.reduce((sum, { used }) => sum + used, 0);
  return { tree: withSegments(baseline, segments), kept, words };
}

describe("a reading as what differs from an earlier one", () => {
  test.prop([directories, directories])("is the same tree, block by block", (before, after) => {
    const whole = Object.entries(after).flatMap(([path, entries]) => packTree({ [path]: entries }));
    expect(blocksOf(shared(before, after).tree)).toEqual(blocksOf(indexTree(whole)));
  });

  it("takes no room for what is as it was, and that of one directory for one that differs", () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`/d${index}`, [{ name: "x", size: index }]]),
    );
    expect(shared(many, many)).toMatchObject({ kept: many && Object.keys(many).map(() => false), words: 0 });
    const baseline = indexTree(packTree(many));
    const delta = new TreeDelta(baseline);
    for (const segment of packTree({ ...many, "/d7": [{ name: "x", size: 1 }] })) delta.add(segment);
    const [segment, ...more] = delta.finish();
    expect([more, segment?.used]).toEqual([[], packTree({ "/d7": [{ name: "x", size: 1 }] })[0]?.used]);
  });

  it("keeps a segment of which most differs as it is", () => {
    expect(shared({ "/a": ["x"] }, { "/b": ["x"] }).kept).toEqual([true]);
  });
});
