import { describe, expect, it } from "vitest";

import {
  blockAt,
  blockStatus,
  entryName,
  firstEntry,
  indexTree,
  nextEntry,
  surveySegments,
  withSegments,
} from "./packed-tree.ts";
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
    expect(surveySegments(segments).entries).toBe(60_002);
  });

  it("takes the later reading of a directory, and none when that says it is gone", () => {
    const first = packTree({ "/r": ["old"], "/s": ["old"] });
    const second = packTree({ "/r": ["new"] });
    const third = packTree({ "/s": [] }, blockStatus.gone);
    expect(namesIn([...first, ...second, ...third], "/r")).toEqual(["new"]);
    expect(namesIn([...first, ...second, ...third], "/s")).toBeUndefined();
    const later = withSegments(indexTree(first), [...second, ...third]);
    expect(later.index).toEqual(indexTree([...first, ...second, ...third]).index);
  });

  it("keeps no words of what was all read once more, and still knows what is gone when its index is made anew", () => {
    const first = packTree({ "/r": ["old"], "/s": ["x"] });
    const struck = withSegments(indexTree(first), packTree({ "/s": [] }, blockStatus.gone));
    const second = withSegments(struck, packTree({ "/r": ["newer"] }));
    const third = withSegments(second, packTree({ "/r": ["newest"] }));
    expect(third.segments.map(({ used }) => used > 0)).toEqual([false, true, false, true]);
    expect(indexTree(third.segments).index).toEqual(third.index);
    expect(namesIn([...third.segments], "/r")).toEqual(["newest"]);
    expect(third.index.has("/s")).toBe(false);
  });

  it("counts what a walk gave, names what it could not read, and leaves out roots and what is gone", () => {
    const read = packTree({ "": ["/r"], "/r": ["one", "closed"] });
    const closed = packTree({ "/r/closed": [] }, 13);
    const gone = packTree({ "/r/gone": ["half"] }, blockStatus.gone);
    expect(surveySegments([...read, ...closed, ...gone])).toEqual({
      entries: 2,
      refused: new Map([["/r/closed", 13]]),
    });
  });
});
