import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { releasableRun } from "../testing/releasable-run.ts";
import { writeRun } from "../testing/write-run.ts";
import { readCandidates } from "./read-candidates.ts";

const [one, other] = ["20260131T101500-one", "20260131T101501-other"];
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "houseguest-candidates-"));
  writeRun(root, releasableRun("passing", { run: one }));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes the run of the same history under another name, with that text of it. */
function copy(edit: (lines: string[]) => string[]): void {
  const path = join(writeRun(root, releasableRun("passing", { run: other })), "history.jsonl");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${edit(lines).join("\n")}\n`);
}

const later = (line: string): string => {
  const { at, ...record } = JSON.parse(line) as { at: number };
  return JSON.stringify({ at: at + 0.001, ...record });
};

test.for<[string, (lines: string[]) => string[]]>([
  ["a copy under another name", (lines) => lines],
  [
    "one whose lines stand in another order",
    ([first = "", second = "", third = "", ...lines]) => [first, third, second, ...lines],
  ],
  ["one whose times were moved", (lines) => lines.map(later)],
])("no run counts twice: %s", ([, edit]) => {
  copy(edit);
  expect(() => readCandidates([one, other], root)).toThrow(
    expect.objectContaining({ code: "copied-run", exitCode: 64 }),
  );
});

test("one that is named twice, or by its link as well, is one", () => {
  expect(readCandidates([one, "latest", join(root, one)], root)).toHaveLength(1);
});
