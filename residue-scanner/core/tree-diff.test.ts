import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";

import { type EntryFixture, packTree } from "../testing/packed-tree-fixture.ts";
import { fileFactAt } from "./file-fact.ts";
import { indexTree, type Tree } from "./packed-tree.ts";
import { diffTrees, diffTreesInSteps } from "./tree-diff.ts";

type Directories = Record<string, EntryFixture[]>;

const diff = (before: Directories, after: Directories) =>
  diffTrees(indexTree(packTree(before)), indexTree(packTree(after)));

/** Path → size, the slow and obvious way. */
function flat(directories: Directories): Map<string, number> {
  const entries = Object.entries(directories).flatMap(([path, list]) =>
    list.map((entry) =>
      typeof entry === "string"
        ? ([`${path}/${entry}`, 0] as const)
        : ([`${path}/${entry.name}`, entry.size ?? 0] as const),
    ),
  );
  return new Map(entries);
}

const directories = fc
  .dictionary(
    fc.constantFrom("/a", "/a/b", "/c"),
    fc.uniqueArray(
      fc.record({ name: fc.constantFrom("x", "y", "z\n", "\xff"), size: fc.integer({ min: 0, max: 3 }) }),
      {
        selector: ({ name }) => name,
      },
    ),
    { noNullPrototype: true },
  )
  .map((value): Directories => value);

describe("the difference of two trees", () => {
  test.prop([directories, directories])("is what a comparison of sorted lists says", (before, after) => {
    const [old, now] = [flat(before), flat(after)];
    const expected = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
    const { differences, crowds } = diff(before, after);
    expect(differences.map(({ path }) => path).sort()).toEqual(expected.sort());
    expect(crowds).toEqual([]);
    for (const { path, before: one, after: other } of differences) {
      expect(one === null ? undefined : fileFactAt(one).size).toBe(old.get(path));
      expect(other === null ? undefined : fileFactAt(other).size).toBe(now.get(path));
    }
  });

  it("tells of many such directories, too, as entries of theirs", () => {
    const places = Array.from({ length: 12 }, (_, number) => `/d${number}`);
    const tree = (size: number) => ({
      "": places.map((place) => ({ name: `${place}/point`, size })),
      ...Object.fromEntries(places.map((place) => [place, [{ name: "point", size }]])),
    });
    expect(diff(tree(1), tree(2)).differences.map(({ directory }) => directory)).toEqual(places);
  });

  it("tells of a directory on which something was mounted that it changed, wherever the roots stand in a tree", () => {
    const point = [{ name: "point", size: 1 }];
    const mounted = { "": [...point, { name: "/a/point", size: 2 }], "/a": [{ name: "point", size: 2 }] };
    for (const before of [
      { "": point, "/a": point },
      { "/a": point, "": point },
    ]) {
      const told = diff(before, mounted).differences.filter(({ path }) => path === "/a/point");
      expect(told.map((one) => one.before !== null && one.after !== null)).toEqual([true]);
      const after = { "/a": mounted["/a"], "": mounted[""] };
      expect(diff(before, after).differences.find(({ path }) => path === "/a/point")?.before).not.toBeNull();
    }
  });

  const many = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 100 });
  test.prop([many, many, fc.array(fc.nat(99))])(
    "is that of their names, wherever they came and went",
    (one, two, changed) => {
      const named = (numbers: number[], size: (number: number) => number) => ({
        "/a": numbers.map((number) => ({ name: String(number), size: size(number) })),
      });
      const kept = [...one.slice(0, 30), ...two.filter((number) => !one.slice(0, 30).includes(number))];
      const before = named(one, () => 0);
      const after = named(kept, (number) => (changed.includes(number) ? 1 : 0));
      const [old, now] = [flat(before), flat(after)];
      const expected = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
      expect(
        diff(before, after)
          .differences.map(({ path }) => path)
          .sort(),
      ).toEqual(expected.sort());
    },
  );

  it("of one big directory, too, is told in many steps", () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `n${index}`);
    const tree = (sizeOf: (index: number) => number) =>
      indexTree(packTree({ "/a": names.map((name, index) => ({ name, size: sizeOf(index) })) }));
    const old = tree(() => 0);
    const steps = (before: Tree, after: Tree) => {
      const work = diffTreesInSteps(before, after);
      let count = 0;
      while (work.next().done !== true) count += 1;
      return count;
    };
    expect(
      steps(
        old,
        tree((index) => index % 2),
      ),
    ).toBeGreaterThan(8);
    expect(
      steps(
        old,
        tree(() => 1),
      ),
    ).toBeGreaterThan(8);
    expect(steps(old, indexTree(packTree({ "/b": [] })))).toBeGreaterThan(8);
  });

  it("is the same whatever order a directory lists its entries in", () => {
    expect(diff({ "/a": ["x", "y"] }, { "/a": ["y", "x"] }).differences).toEqual([]);
  });

  it("says nothing about a directory that could not be read in one of them", () => {
    const before = indexTree(packTree({ "/a": ["x"] }));
    const after = indexTree(packTree({ "/a": [] }, 13));
    expect(diffTrees(before, after).differences).toEqual([]);
    expect(diffTrees(after, before).differences).toEqual([]);
  });

  it("lists what is elsewhere before a crowd in one place", () => {
    const many = Array.from({ length: 20_010 }, (_, index) => `n${index}`);
    const crowded = diff({ "/a": [], "/z": ["kept"] }, { "/a": many, "/b": many, "/z": ["kept", "one"] });
    expect(crowded.differences.map(({ path }) => path)).toContain("/z/one");
    expect(crowded.differences).toHaveLength(20_000);
    expect(crowded.crowds).toMatchObject([
      { directory: "/a", change: "appeared", isOlder: true },
      { directory: "/b", change: "appeared", isOlder: false },
    ]);
    const counted = crowded.crowds.reduce((sum, { count }) => sum + count, 0);
    expect(counted).toBe(20_010 * 2 + 1 - 20_000);
  });

  it("lists what is elsewhere before a crowd in many places, too", () => {
    const many = Array.from({ length: 400 }, (_, index) => `n${index}`);
    const places = Array.from({ length: 60 }, (_, index) => `/a${index}`);
    const full = (size: number) => Object.fromEntries(places.map((at) => [at, many.map((name) => ({ name, size }))]));
    const crowded = diff({ ...full(0), "/z": ["kept"] }, { ...full(1), "/z": ["kept", "one"] });
    expect(crowded.differences.map(({ path }) => path)).toContain("/z/one");
    expect(crowded.differences).toHaveLength(20_000);
  });

  it("counts what it does not list", () => {
    const many = Array.from({ length: 20_010 }, (_, index) => `n${index}`);
    const inBoth = diff({ "/a": ["x"] }, { "/a": ["x", ...many] });
    expect(inBoth.differences).toHaveLength(20_000);
    const crowd = { directory: "/a", change: "appeared", count: 10 };
    expect(inBoth).toMatchObject({ crowds: [{ ...crowd, isOlder: true }] });
    expect(diff({}, { "/a": many })).toMatchObject({ crowds: [{ ...crowd, isOlder: false }] });
    expect(diff({ "/a": many }, {}).crowds).toEqual([{ ...crowd, change: "vanished", isOlder: false }]);
    const changed = many.map((name) => ({ name, size: 1 }));
    expect(diff({ "/a": many }, { "/a": changed })).toMatchObject({
      crowds: [{ ...crowd, change: "changed", isOlder: true }],
    });
  });
});
