import { describe, expect, it } from "vitest";

import { LineRecording } from "./line-recording.ts";

/** Two files in one directory, which touches call 7. */
function recording(isWaiting: () => boolean = () => false): {
  lines: LineRecording;
  put: (name: string, content: string[] | null) => void;
  touch: (name: string, by: number, directory?: number) => void;
} {
  const contents = new Map<string, string[] | null>([["/d/a", []]]);
  const lines = new LineRecording({
    files: ["/d/a", "/d/b", "/absent/c"],
    linesOf: (file) => contents.get(file) ?? (contents.has(file) ? null : []),
    directoryOf: (path) => (path === "/d" ? 7 : null),
    isWaiting,
    retain: () => 0,
  });
  return {
    lines,
    put: (name, content) => contents.set(`/d/${name}`, content),
    touch: (name, by, id = 7) => {
      const bytes = Buffer.from(`..${name}`, "latin1");
      lines.touch({ directory: { key: "", id, self: -1 }, bytes, start: 2, end: bytes.length }, by);
    },
  };
}
const writersOf = (lines: LineRecording) =>
  Object.fromEntries([...lines.writers()].map(([line, { by }]) => [line, by]));

describe("who wrote which line of a file", () => {
  it("is told of the files that it was asked to follow, also where they come only now", () => {
    const { lines, put, touch } = recording();
    put("a", ["one"]);
    put("b", ["two"]);
    touch("a", 1);
    touch("b", 2);
    touch("c", 3);
    touch("a", 4, 8);
    lines.takeIn(1_000);
    expect(writersOf(lines)).toEqual({ one: [1], two: [2] });
  });

  it("may be whoever is told of soon after, and is not who is told of much later", () => {
    for (const [afterMs, by] of [
      [10, [1, 2]],
      [500, [1]],
    ] as const) {
      const { lines, put, touch } = recording();
      put("a", ["one"]);
      touch("a", 1);
      lines.takeIn(1_000);
      put("a", ["one", "two"]);
      touch("a", 2);
      lines.takeIn(1_000 + afterMs);
      expect(writersOf(lines)).toEqual({ one: by, two: [2] });
    }
  });

  it("may be whoever is told of while events wait, and is not who is told of long after they were taken in", () => {
    let waits = true;
    const { lines, put, touch } = recording(() => waits);
    put("a", ["one"]);
    touch("a", 1);
    lines.takeIn(1_000);
    put("a", ["one", "two"]);
    touch("a", 2);
    lines.takeIn(5_000);
    expect(writersOf(lines)).toEqual({ one: [1, 2], two: [2] });
    waits = false;
    lines.takeIn(5_001);
    put("a", ["one", "two", "three"]);
    touch("a", 3);
    lines.takeIn(9_000);
    expect(writersOf(lines)).toEqual({ one: [1, 2], two: [2], three: [3] });
  });

  it("is not known any more of a file that cannot be read", () => {
    const { lines, put, touch } = recording();
    put("a", ["one"]);
    touch("a", 1);
    lines.takeIn(1_000);
    put("a", null);
    touch("a", 2);
    lines.takeIn(2_000);
    expect(writersOf(lines)).toEqual({});
  });
});
