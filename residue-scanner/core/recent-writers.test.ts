import { describe, expect, it } from "vitest";

import { RecentWriters } from "./recent-writers.ts";
import { unknownProcess } from "./recording.ts";

const handle = (name: string) => ({ bytes: Buffer.from(`..${name}.`, "latin1"), start: 2, end: 2 + name.length });

describe("who wrote to a file lately", () => {
  it("is known of two, and that there were more", () => {
    const writers = new RecentWriters();
    expect(writers.of(handle("a"))).toEqual([]);
    for (const by of [0, 0, 5, 0]) writers.wrote(handle("a"), by, 7);
    expect(writers.of(handle("a"))).toEqual([0, 5]);
    for (const by of [6, 7]) writers.wrote(handle("a"), by, 7);
    expect(writers.of(handle("a"))).toEqual([0, unknownProcess]);
    expect(writers.of(handle("b"))).toEqual([]);
  });

  it("is not known where another file has taken its place", () => {
    const writers = new RecentWriters(1);
    writers.wrote(handle("a"), 3, 7);
    writers.wrote(handle("b"), 4, 7);
    expect(writers.of(handle("b"))).toEqual([4]);
    expect(writers.of(handle("a"))).toBeNull();
  });

  it("is not known of all who wrote before another file had taken its place", () => {
    const writers = new RecentWriters(1);
    writers.wrote(handle("a"), 3, 7);
    writers.wrote(handle("b"), 4, 7);
    writers.wrote(handle("a"), 5, 8);
    expect(writers.of(handle("a"))).toEqual([5, unknownProcess]);
    writers.wrote(handle("c"), 6, 8);
    expect([writers.of(handle("c")), writers.of(handle("d"))]).toEqual([[6], []]);
  });

  it("keeps those whom it knows, and no others", () => {
    const kept: number[] = [];
    const writers = new RecentWriters(1, {
      retain: (by) => void kept.push(by),
      release: (by) => void kept.splice(kept.indexOf(by), 1),
    });
    for (const by of [0, 5]) writers.wrote(handle("a"), by, by);
    expect([...kept, writers.latestMs(handle("a"))]).toEqual([0, 5, 5]);
    writers.wrote(handle("a"), 6, 8);
    expect(kept).toEqual([0]);
    writers.wrote(handle("b"), 7, 9);
    expect([...kept, writers.latestMs(handle("b"))]).toEqual([7, 9]);
  });
});
