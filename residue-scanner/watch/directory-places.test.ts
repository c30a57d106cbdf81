import { describe, expect, it } from "vitest";

import { DirectoryPlaces } from "./directory-places.ts";

describe("where a directory was that is gone", () => {
  const there = (known: Readonly<Record<string, string>>) => (key: string) => known[key] ?? null;

  it("is known from what was told of it and of those that it was in", () => {
    const places = new DirectoryPlaces();
    places.learn("b", { parent: "a", name: "inner" });
    places.learn("a", { parent: "top", name: "outer" });
    expect(places.pathOf("b", there({ top: "/tmp" }))).toBe("/tmp/outer/inner");
    expect(places.pathOf("b", there({ top: "/" }))).toBe("/outer/inner");
    expect(places.pathOf("b", there({ b: "/elsewhere", top: "/" }))).toBe("/elsewhere");
  });

  it("is the last place of one that was moved", () => {
    const places = new DirectoryPlaces();
    places.learn("a", { parent: "top", name: "old" });
    places.learn("a", { parent: "top", name: "new" });
    expect(places.pathOf("a", there({ top: "/tmp" }))).toBe("/tmp/new");
  });

  it("is not known where nobody told, nor in a circle", () => {
    const places = new DirectoryPlaces();
    places.learn("a", { parent: "a", name: "x" });
    expect([places.pathOf("a", there({})), places.pathOf("b", there({}))]).toEqual([null, null]);
  });
});
