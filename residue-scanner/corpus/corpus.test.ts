import { describe, expect, it } from "vitest";

import { backgroundSections } from "./background.ts";
import { plantSections } from "./plants.ts";
import { type CorpusResult, corpusTable, totalsOf } from "./table.ts";
import { expand } from "./variables.ts";

const plants = plantSections.flatMap(({ items }) => items);
const background = backgroundSections.flatMap(({ items }) => items);

describe("the corpus", () => {
  it("has more plants and more activities than it is asked for, each with a name of its own", () => {
    const names = [...plants, ...background].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(plants.length).toBeGreaterThanOrEqual(70);
    expect(background.length).toBeGreaterThanOrEqual(25);
    // They are names of files, and words of a script.
    expect(names.filter((name) => !/^[a-z0-9-]+$/.test(name))).toEqual([]);
  });

  it("looks for every item by something, and for nothing twice", () => {
    expect([...plants, ...background].filter(({ traces }) => traces.length === 0)).toEqual([]);
    const own = { W: "/w", T: "hgp1", N: "hgn1", A: "127.3.4", K: "7", K1: "8", K2: "9", K5: "10", K6: "11" };
    const texts = [...plants, ...background].flatMap(({ name, traces }) =>
      traces.map(({ text, surface }) => `${surface} ${expand(text, { ...own, D: `/w/p/${name}` })}`),
    );
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
  });

  it("looks for nothing by the name alone that all of a side's things begin with, but on one surface", () => {
    const everywhere = [...plants, ...background].filter(({ traces }) =>
      traces.some(({ text, surface }) => surface === undefined && /^\$\{?[NT]\}?$/.test(text)),
    );
    expect(everywhere.map(({ name }) => name)).toEqual([]);
  });

  it("names programs that a process's name has room for", () => {
    const tools = [...plants, ...background].flatMap(({ before = "" }) => [
      ...before.matchAll(/\btool ([a-z0-9 -]+)/g),
    ]);
    const names = tools.flatMap(([, list = ""]) => list.trim().split(" "));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => name.length > 15)).toEqual([]);
  });
});

describe("the table", () => {
  const item = { name: "one", what: "a thing", act: ":", undo: ":", traces: [] };
  const done = { status: "done", reason: "" } as const;
  const nothing = { item, outcome: done, found: [], attributedTo: null, excusedBy: ["ended"] } as const;
  const result: CorpusResult = {
    plants: [
      {
        surface: "files",
        judgements: [
          { ...nothing, found: ["/x"], attributedTo: "job", excusedBy: [] },
          { ...nothing, found: ["/x"], attributedTo: "unknown", excusedBy: [] },
          nothing,
          { ...nothing, outcome: { status: "skipped", reason: "no at | here" }, excusedBy: [] },
        ],
      },
    ],
    background: [
      {
        surface: "files",
        judgements: [
          nothing,
          { ...nothing, attributedTo: "background" },
          { ...nothing, attributedTo: "job" },
          { ...nothing, outcome: { status: "broken", reason: "exit code 2" } },
        ],
      },
    ],
    others: [],
  };

  it("counts what was done only", () => {
    expect(totalsOf(result)).toEqual({
      ...{ found: 2, attributed: 1, planted: 3, blamed: 1, done: 3, skipped: 1, broken: 1 },
    });
  });

  it("says of each item what came of it", () => {
    const rows = corpusTable(result)
      .split("\n")
      .filter((line) => line.startsWith("| a thing"));
    expect(rows.map((row) => row.replace("| a thing (`one`) ", ""))).toEqual([
      "| yes | job |",
      "| yes | **unknown** |",
      "| **no** (excused: ended) |  |",
      "| skipped: no at \\| here |  |",
      "| no |",
      "| told, as the background's |",
      "| **yes: job** |",
      "| broken: exit code 2 |",
    ]);
  });
});
