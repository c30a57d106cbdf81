import { expect, it } from "vitest";

import { RecentWriters } from "../core/recent-writers.ts";
import { unknownProcess } from "../core/recording.ts";
import { touchBit } from "../core/touch-chains.ts";
import { TouchTable } from "../core/touch-table.ts";
import { TouchLookup } from "./touch-lookup.ts";

it("tells that somebody linked a file whose linker is forgotten", () => {
  const nothing = { retain: () => undefined, release: () => undefined };
  const linkers = new RecentWriters(1, nothing);
  const lookup = new TouchLookup(new TouchTable({ touchesMax: 10, ...nothing }), linkers, { keyOf: (path) => path });
  for (const [path, by] of [
    ["/d/x", 4],
    ["/d/y", 5],
  ] as const)
    linkers.wrote({ bytes: Buffer.from(path), start: 0, end: path.length }, by, 100);
  const ofLinks = { kinds: ["attributes"], isOfLinks: true };
  expect(lookup.of("/d/y", (path) => path)).toEqual([{ ...ofLinks, by: 5, firstMs: 100, lastMs: 100 }]);
  expect(lookup.of("/d/x", (path) => path)).toEqual([
    { ...ofLinks, by: unknownProcess, firstMs: 0, lastMs: Number.POSITIVE_INFINITY },
  ]);
});

it("tells who linked a file that nobody touched by that name, and nothing of links where somebody did", () => {
  const table = new TouchTable({ touchesMax: 10, retain: () => undefined, release: () => undefined });
  const linkers = new RecentWriters(1024, { retain: () => undefined, release: () => undefined });
  const lookup = new TouchLookup(table, linkers, { keyOf: (path) => `key of ${path}` });
  const touchesOf = (path: string) => lookup.of(path, (directory) => `key of ${directory}`);
  const link = (path: string, by: number, atMs: number) => {
    const bytes = Buffer.from(`key of ${path}`, "latin1");
    linkers.wrote({ bytes, start: 0, end: bytes.length }, by, atMs);
  };
  expect(touchesOf("/d/x")).toEqual([]);
  link("/d/x", 4, 100);
  link("/d/x", 5, 200);
  const one = { kinds: ["attributes"], isOfLinks: true, firstMs: 200, lastMs: 200 };
  expect(touchesOf("/d/x")).toEqual([
    { ...one, by: 4 },
    { ...one, by: 5 },
  ]);
  link("/d/y", 4, 100);
  const [bytes, start, end] = [Buffer.from("y"), 0, 1];
  const directory = table.directory("key of /d");
  table.add({ directory, bytes, start, end }, { kinds: touchBit.modified, by: 6, atMs: 300 });
  expect(touchesOf("/d/y")).toEqual([{ by: 6, kinds: ["modified"], firstMs: 300, lastMs: 300 }]);
  const byDirectory = lookup.ofEntries(["/d/", "/e/", "/d/y"], (path) => `key of ${path}`);
  expect([...byDirectory]).toEqual([
    ["/d/", [{ by: 6, kinds: ["modified"], firstMs: 300, lastMs: 300 }]],
    ["/e/", []],
  ]);
});
