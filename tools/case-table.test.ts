import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

import { readCases } from "./case-list.ts";
import { caseRemarks } from "./case-remarks.ts";
import { caseTable, type Witness } from "./case-table.ts";
import { readWitnesses } from "./read-witnesses.ts";

const root = resolve(import.meta.dirname, "..");
const none = { leftOut: {}, inPart: {} };
const cases = [
  { number: 1, chapter: "Lease", words: "Renewed 1 ms late" },
  { number: 2, chapter: "Pause", words: "Paused <twice> | once" },
];
const witness = (cites: string, over: Partial<Witness> = {}): Witness => {
  return { kind: "test", name: cites, file: "agent/x.test.ts", cites, ...over };
};
const both = [witness("stays expired (case 1)"), witness("is one pause (cases 1 and 2)")];

describe("docs/cases-tested.md", () => {
  test("is what the tests, scenarios and properties say as they are now (if not: npm run cases)", () => {
    const written = readFileSync(join(root, "docs/cases-tested.md"), "utf8");
    const all = readCases(readFileSync(join(root, "docs/cases.md"), "utf8"));
    expect(written).toBe(caseTable(all, readWitnesses(root), caseRemarks));
  });

  test("is linked from the README, as is what the simulator makes of the cases", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    for (const document of ["docs/cases-tested.md", "docs/cases-covered.md"]) expect(readme).toContain(`(${document})`);
  });
});

describe("what is read for it", () => {
  const found = readWitnesses(root);

  test("are tests, contracts, scenarios and properties, each with its place", () => {
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["test", "scenario", "property"]));
    expect(found.filter(({ file }) => file.endsWith(".contract.ts"))).not.toEqual([]);
    expect(found.filter(({ file }) => file.includes(".host.test."))).not.toEqual([]);
    expect(found).toContainEqual(
      expect.objectContaining({ kind: "property", name: "fencing", file: "scenarios/checkers/leases/fencing.ts" }),
    );
    expect(found).toContainEqual(expect.objectContaining({ kind: "scenario", name: "rapid-pause-resume" }));
  });

  test("are not the tests of these tools, which name cases only to try that", () => {
    expect(found.filter(({ file }) => file.startsWith("tools/"))).toEqual([]);
  });
});

describe("a table of cases", () => {
  test("names all that names a case, once, chapter by chapter", () => {
    const twice = [...both, both[0] as Witness, witness("", { kind: "property", name: "fencing", cites: "case 2" })];
    const lines = caseTable(cases, twice, { leftOut: {}, inPart: { 2: "no | GPU" } }).split("\n");
    expect(lines.filter((line) => line.startsWith("## "))).toEqual(["## Lease", "## Pause"]);
    const [one, two] = lines.filter((line) => /^\| \d/.test(line));
    expect(one).toBe(
      "| 1 Renewed 1 ms late | stays expired (case 1) ([agent/x.test.ts](../agent/x.test.ts))<br>is one pause (cases 1 and 2) ([agent/x.test.ts](../agent/x.test.ts)) | — |",
    );
    expect(two).toContain("| 2 Paused \\<twice\\> \\| once |");
    expect(two).toContain("<br>property [`fencing`](../agent/x.test.ts) | no \\| GPU |");
  });

  test("says of a case that is left out why, and counts", () => {
    const table = caseTable(cases, [both[0] as Witness], { leftOut: { 2: "there is no such command" }, inPart: {} });
    expect(table).toContain("| **left out** | there is no such command |");
    expect(table).toContain("Of the 2 [cases](cases.md) 1 are tried, 0 of them in part, and 1 are left out.");
  });

  test.each<[string, Witness[], Parameters<typeof caseTable>[2], RegExp]>([
    ["that nothing names", [both[0] as Witness], none, /case 2 is named by no test/],
    [
      "that a property alone names",
      [both[0] as Witness, witness("case 2", { kind: "property" })],
      none,
      /case 2 is named by no test/,
    ],
    ["that is both named and left out", both, { leftOut: { 2: "no" }, inPart: {} }, /case 2 is called left out/],
    [
      "that is left out in part only, and not named",
      [both[0] as Witness],
      { leftOut: { 2: "no" }, inPart: { 2: "no" } },
      /case 2 is called tried in part/,
    ],
    [
      "that is not there",
      [...both, witness("another (case 3)")],
      none,
      /case 3, which agent\/x\.test\.ts names, is none/,
    ],
    ["that is remarked on and not there", both, { leftOut: {}, inPart: { 9: "no" } }, /case 9, which is remarked on/],
  ])("refuses a case %s", (_what, witnesses, remarks, says) => {
    expect(() => caseTable(cases, witnesses, remarks)).toThrow(says);
  });
});
