import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { lineWidth } from "../text/line.ts";
import { releasableRun } from "../testing/releasable-run.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { writeRun } from "../testing/write-run.ts";
import { listRuns } from "./list-runs.ts";
import { readRun } from "./read-run.ts";
import { findRun } from "./run-directory.ts";
import { runTable } from "./run-table.ts";

const older = "20260130T090000-rapid-pause-resume";
const newer = "20260131T101500-withdraw-under-load";
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "houseguest-reports-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe("finding a run", () => {
  test("latest is what the link says, and without it the newest name", () => {
    writeRun(root, runFixtures.passing(), newer);
    writeRun(root, runFixtures.rapid(), older);
    expect(findRun("latest", root)).toBe(join(root, "latest"));
    unlinkSync(join(root, "latest"));
    expect(findRun("latest", root)).toBe(join(root, newer));
  });

  test("a name, a path, and a name that is almost right", () => {
    const directory = writeRun(root, runFixtures.passing(), newer);
    expect(findRun(newer, root)).toBe(directory);
    expect(findRun(directory, "elsewhere")).toBe(directory);
    expect(() => findRun("20260131T101500-withdraw-under-laod", root)).toThrow(
      expect.objectContaining({ code: "unknown-run", exitCode: 64, next: `Did you mean ${newer}?` }),
    );
  });

  test("no runs yet is said so", () => {
    expect(() => findRun("latest", join(root, "none"))).toThrow(
      expect.objectContaining({ code: "no-runs", exitCode: 64 }),
    );
  });
});

describe("reading a run", () => {
  test("whole, it is what was written", () => {
    const { verdict, history } = runFixtures.failing();
    expect(readRun(writeRun(root, runFixtures.failing()))).toMatchObject({
      verdict,
      history,
      lostEvidence: [],
      recorded: true,
    });
  });

  test("a torn last line is lost evidence and no crash", () => {
    const directory = writeRun(root, runFixtures.passing());
    const path = join(directory, "history.jsonl");
    truncateSync(path, readFileSync(path).length - 20);
    const run = readRun(directory);
    expect(run.history).toHaveLength(runFixtures.passing().history.length - 1);
    expect(run.lostEvidence).toEqual([expect.stringContaining("is torn after")]);
  });

  test("killed before its verdict, it is unknown, keeps what was judged, and points at heal", () => {
    const directory = writeRun(root, runFixtures.interrupted());
    unlinkSync(join(directory, "verdict.json"));
    const { verdict, recorded } = readRun(directory);
    expect(recorded).toBe(false);
    expect(verdict).toMatchObject({
      scenario: "withdraw-under-load",
      seed: "7e1d0c",
      lifecycle: "unknown",
      residue: null,
    });
    expect(verdict.error).toBe("The run has no verdict: the harness was killed, or is still at it.");
    expect(verdict.phases).toEqual([
      expect.objectContaining({ phase: "set-up" }),
      expect.objectContaining({ phase: "baseline" }),
    ]);
    expect(verdict.cleanUp.notUndone[0]?.finishWith).toBe("npx scenarios heal");
  });

  test.for([
    ["torn", "{", "is not JSON"],
    ["of another shape", '{"version":2}', "is no verdict: version"],
  ] as const)("a verdict that is %s makes it unknown, with the reason", ([, text, reason]) => {
    const directory = writeRun(root, runFixtures.passing());
    writeFileSync(join(directory, "verdict.json"), text);
    const { verdict, recorded } = readRun(directory);
    expect(recorded).toBe(false);
    expect(verdict.lifecycle).toBe("unknown");
    expect(verdict.error).toContain(reason);
  });

  test("a history that is another than the run was judged by is told, however little was changed", () => {
    const directory = writeRun(root, releasableRun());
    expect(readRun(directory).altered).toBe(undefined);
    const path = join(directory, "history.jsonl");
    const text = readFileSync(path, "utf8");
    const slower = text.replace(/"latencyMs":\d/, '"latencyMs":9');
    expect(slower).not.toBe(text);
    for (const changed of [slower, text.replace("{", "{ "), `${text}${text.split("\n")[0]}\n`]) {
      writeFileSync(path, changed);
      const altered = "history.jsonl is not what the run was judged by: it was changed, or written to, since.";
      expect(readRun(directory)).toMatchObject({ altered, lostEvidence: [altered] });
    }
  });

  test("without a history, with an empty one or with noise there is nothing to report", () => {
    const directory = writeRun(root, runFixtures.passing());
    const path = join(directory, "history.jsonl");
    for (const text of ["", "noise\n", "\0\0\0"]) {
      writeFileSync(path, text);
      expect(() => readRun(directory)).toThrow(expect.objectContaining({ code: "broken-history", exitCode: 64 }));
    }
    unlinkSync(path);
    expect(() => readRun(directory)).toThrow(expect.objectContaining({ code: "no-history", exitCode: 64 }));
    mkdirSync(path);
    expect(() => readRun(directory)).toThrow(expect.objectContaining({ message: expect.stringContaining("EISDIR") }));
  });
});

describe("listing runs", () => {
  test("newest first, each with its figures; what cannot be read is listed with the reason", () => {
    writeRun(root, runFixtures.rapid(), older);
    unlinkSync(join(writeRun(root, runFixtures.interrupted(), newer), "verdict.json"));
    mkdirSync(join(root, "20260129T000000-empty"));
    const runs = listRuns(root);
    expect(runs.map(({ run }) => run)).toEqual([newer, older, "20260129T000000-empty"]);
    expect(runs[0]).toMatchObject({
      exitCode: null,
      lifecycle: "unknown",
      residue: null,
      note: expect.stringContaining("killed"),
    });
    expect(runs[1]).toMatchObject({ exitCode: 0, lifecycle: "pass", residue: "clean", cleanUp: "pass", note: "" });
    expect(runs[2]).toMatchObject({
      startedAt: null,
      exitCode: null,
      note: expect.stringContaining("holds no history.jsonl"),
    });
  });

  test("a torn history does not keep a recorded verdict off the list", () => {
    appendFileSync(join(writeRun(root, runFixtures.passing()), "history.jsonl"), '{"at":17');
    expect(listRuns(root)[0]).toMatchObject({ exitCode: 0, note: "" });
  });

  test.for([160, 100, 80, 60])("the table fits %d columns and always names what `show` wants", (width) => {
    writeRun(root, runFixtures.passing(), newer);
    writeRun(root, runFixtures.notUndone(), older);
    const lines = runTable(listRuns(root), width);
    expect(Math.max(...lines.map(lineWidth))).toBeLessThanOrEqual(width);
    for (const name of [newer, older]) expect(JSON.stringify(lines)).toContain(name);
  });
});
