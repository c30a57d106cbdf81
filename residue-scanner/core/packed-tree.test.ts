import { describe, expect, it } from "vitest";

import { blockAt, blockStatus, countEntries, entryName, firstEntry, indexTree, nextEntry } from "./packed-tree.ts";
import { packTree } from "../testing/packed-tree-fixture.ts";

const namesIn = (segments: ReturnType<typeof packTree>, path: string) => {
  const block = blockAt(indexTree(segments), path);
  const names: string[] = [];
  if (block === undefined) return undefined;
  for (let entry = firstEntry(block); entry < block.end; entry = nextEntry(block, entry)) {
    names.push(entryName(block, entry));
  }
  return names;
};

describe("a packed tree", () => {
  it("gives back paths and names byte for byte", () => {
    const odd = ["a", "new\nline", "\xff\xfe", "x".repeat(255)];
    const segments = packTree({ "/r": odd, "/r/\xe4": [] });
    expect(namesIn(segments, "/r")).toEqual(odd);
    expect(namesIn(segments, "/r/\xe4")).toEqual([]);
    expect(namesIn(segments, "/other")).toBeUndefined();
  });

  it("keeps a block in one piece when it outgrows its segment", () => {
    const many = Array.from({ length: 60_000 }, (_, index) => `entry-${index}`);
    const segments = packTree({ "/first": ["one"], "/large": many, "/last": ["two"] });
    expect(segments.length).toBeGreaterThan(1);
    expect(namesIn(segments, "/large")).toEqual(many);
    expect(namesIn(segments, "/first")).toEqual(["one"]);
    expect(namesIn(segments, "/last")).toEqual(["two"]);
    expect(countEntries(indexTree(segments))).toBe(60_002);
  });

  it("takes the later reading of a directory, and none when that says it is gone", () => {
    const first = packTree({ "/r": ["old"], "/s": ["old"] });
    const second = packTree({ "/r": ["new"] });
    const third = packTree({ "/s": [] }, blockStatus.gone);
    expect(namesIn([...first, ...second, ...third], "/r")).toEqual(["new"]);
    expect(namesIn([...first, ...second, ...third], "/s")).toBeUndefined();
  });
});
