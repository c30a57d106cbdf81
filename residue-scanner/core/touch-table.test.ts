import { describe, expect, it } from "vitest";

import { type Happening, touchBit } from "./touch-chains.ts";
import { type TouchedDirectory, type TouchedName, TouchTable } from "./touch-table.ts";

const created = (by: number, atMs = 1): Happening => ({ kinds: touchBit.created, by, atMs });
const modified = (by: number, atMs = 1): Happening => ({ kinds: touchBit.modified, by, atMs });
const deleted = (by: number, atMs = 1): Happening => ({ kinds: touchBit.deleted, by, atMs });

function named(directory: TouchedDirectory, name: string): TouchedName {
  const bytes = Buffer.from(name, "latin1");
  return { directory, bytes, start: 0, end: bytes.length };
}

function tableWithUses(touchesMax = 1000) {
  const uses = new Map<number, number>();
  const count = (by: number, more: number): void => void uses.set(by, (uses.get(by) ?? 0) + more);
  const table = new TouchTable({
    touchesMax,
    retain: (by) => count(by, 1),
    release: (by) => count(by, -1),
  });
  return { table, uses };
}

describe("the table of touches", () => {
  it("joins what one process did to a name, and keeps apart what several did", () => {
    const { table } = tableWithUses();
    const home = table.directory("home");
    table.add(named(home, "a\xff"), created(1, 10));
    table.add(named(home, "a\xff"), modified(2, 20));
    table.add(named(home, "a\xff"), modified(1, 30));
    expect(table.of("home", "a\xff")).toEqual([
      { by: 1, kinds: ["created", "modified"], firstMs: 10, lastMs: 30 },
      { by: 2, kinds: ["modified"], firstMs: 20, lastMs: 20 },
    ]);
    expect(table.of("home", "b")).toEqual([]);
    expect(table.of("elsewhere", "a\xff")).toEqual([]);
  });

  it("tells that a directory's entries changed", () => {
    const { table } = tableWithUses();
    table.add(named(table.directory("home"), "a"), created(1, 10));
    table.add(named(table.directory("home"), "a"), modified(2, 20));
    expect(table.of("home", ".")).toEqual([{ by: 1, kinds: ["modified"], firstMs: 10, lastMs: 10 }]);
  });

  it("keeps for a while who touched a name that came and went: a reading may have seen it meanwhile", () => {
    const { table, uses } = tableWithUses();
    const home = table.directory("home");
    table.add(named(home, "a"), created(1));
    table.add(named(home, "a"), modified(2));
    table.add(named(home, "a"), deleted(3));
    table.add(named(home, "at once"), { ...created(4), kinds: touchBit.created | touchBit.deleted });
    expect(table.of("home", "a").map(({ by, kinds }) => [by, ...kinds])).toEqual([
      [1, "created"],
      [2, "modified"],
      [3, "deleted"],
    ]);
    expect(table.of("home", "at once").map(({ by, kinds }) => [by, ...kinds])).toEqual([[4, "created", "deleted"]]);
    expect(table.of("home", ".").map(({ by }) => by)).toEqual([1, 3, 4]);
    expect(Object.fromEntries(uses)).toEqual({ 1: 2, 2: 1, 3: 2, 4: 2 });
    expect(table.forgotten).toBe(2);
  });

  it("forgets the earliest of many names that came and went, but not that the directory changed", () => {
    const { table, uses } = tableWithUses(100_000);
    const home = table.directory("home");
    for (let name = 0; name < 20_000; name += 1) {
      table.add(named(home, `${name}`), created(1));
      table.add(named(home, `${name}`), deleted(2));
    }
    expect(table.of("home", "0")).toEqual([]);
    expect(table.of("home", "19999").map(({ by }) => by)).toEqual([1, 2]);
    expect(Object.fromEntries(uses)).toEqual({ 1: 10_001, 2: 10_001 });
    expect(table.kept).toBe(20_002);
  });

  it("keeps who deleted what had been there, even if it comes and goes again", () => {
    const { table } = tableWithUses();
    const home = table.directory("home");
    table.add(named(home, "old"), deleted(1));
    table.add(named(home, "old"), created(2));
    table.add(named(home, "old"), deleted(3));
    expect(table.of("home", "old").map(({ by, kinds }) => [by, ...kinds])).toEqual([
      [1, "deleted"],
      [2, "created"],
      [3, "deleted"],
    ]);
  });

  it("takes who wrote a file along when another process renames it", () => {
    const { table } = tableWithUses();
    const [spool, home] = [table.directory("spool"), table.directory("home")];
    table.add(named(spool, "tmp"), created(1, 10));
    table.rename(named(spool, "tmp"), named(home, "f"), { kinds: 0, by: 2, atMs: 20 });
    expect(table.of("spool", "tmp").map(({ by, kinds }) => [by, ...kinds])).toEqual([
      [1, "created"],
      [2, "moved-from"],
    ]);
    expect(table.of("home", "f")).toEqual([
      { by: 1, kinds: ["modified"], firstMs: 10, lastMs: 10 },
      { by: 2, kinds: ["moved-to"], firstMs: 20, lastMs: 20 },
    ]);
    // What was renamed may have replaced something: that it is gone now is somebody's doing.
    table.add(named(home, "f"), deleted(3, 30));
    expect(table.of("home", "f").map(({ by }) => by)).toEqual([1, 2, 3]);
    table.rename(named(home, "old"), named(spool, "x"), { kinds: 0, by: 2, atMs: 40 });
    expect(table.of("home", "old")).toEqual([{ by: 2, kinds: ["moved-from"], firstMs: 40, lastMs: 40 }]);
  });

  it("does not take what still happens to a file without a name for a new touch of the name", () => {
    const { table } = tableWithUses();
    const home = table.directory("home");
    table.add(named(home, "tmp"), created(1));
    table.add(named(home, "tmp"), deleted(1));
    table.add(named(home, "tmp"), modified(1));
    expect(table.of("home", "tmp").map(({ by, kinds }) => [by, ...kinds])).toEqual([[1, "created", "deleted"]]);
    table.rename(named(home, "a"), named(home, "tmp"), { kinds: 0, by: 2, atMs: 5 });
    expect(table.of("home", "tmp").map(({ by, kinds }) => [by, ...kinds])).toEqual([[2, "moved-to"]]);
    // It was absent before, so it is as absent as before again.
    table.add(named(home, "tmp"), deleted(3, 6));
    table.add(named(home, "tmp"), modified(2));
    expect(table.of("home", "tmp").map(({ by, kinds }) => [by, ...kinds])).toEqual([
      [2, "moved-to"],
      [3, "deleted"],
    ]);
  });

  it("forgets a directory that came and went", () => {
    const { table, uses } = tableWithUses();
    table.add(named(table.directory("d"), "a"), created(1));
    table.add(named(table.directory("d"), "a"), deleted(1));
    table.forgetDirectory("d");
    table.forgetDirectory("never seen");
    expect(table.of("d", ".")).toEqual([]);
    // That of the name in it, for a while.
    expect([uses.get(1), table.kept]).toEqual([1, 1]);
  });

  it("counts what has no room, and uses again what was forgotten", () => {
    const { table } = tableWithUses(5);
    const home = table.directory("home");
    for (let round = 0; round < 10_000; round += 1) {
      table.add(named(home, "transient"), created(1));
      table.add(named(home, "transient"), deleted(1));
    }
    expect(table.dropped).toBe(0);
    for (const name of ["a", "b", "c", "d", "e"]) table.add(named(home, name), modified(1));
    expect(table.dropped).toBe(2);
    expect(table.kept).toBe(5);
  });

  it("holds many names, each touched by many, without mixing them up", () => {
    const { table } = tableWithUses(100_000);
    for (let by = 0; by < 40; by += 1)
      for (let name = 0; name < 500; name += 1)
        table.add(named(table.directory(`d${name % 7}`), `${name}`), modified(by, by));
    for (let name = 0; name < 500; name += 1) {
      const touches = table.of(`d${name % 7}`, `${name}`);
      expect(touches.map(({ by }) => by)).toEqual(Array.from({ length: 40 }, (_, by) => by));
    }
  });

  it("tells for a directory who did what to anything in it that stayed", () => {
    const { table } = tableWithUses();
    const [home, other] = [table.directory("home"), table.directory("other")];
    table.add(named(home, "a"), modified(1, 20));
    table.add(named(home, "b"), modified(2, 10));
    table.add(named(home, "b"), modified(1, 30));
    table.add(named(other, "a"), modified(3, 5));
    table.add(named(home, "c"), created(4, 40));
    table.add(named(home, "c"), deleted(4, 50));
    expect(table.ofEntries(["home", "elsewhere"])).toEqual(
      new Map([
        [
          "home",
          [
            { by: 2, kinds: ["modified"], firstMs: 10, lastMs: 10 },
            { by: 1, kinds: ["modified"], firstMs: 20, lastMs: 30 },
          ],
        ],
      ]),
    );
  });
});
