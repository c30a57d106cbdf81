import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { limits } from "../../foundation/limits.ts";
import { readProgress, readResult } from "./job-output.ts";
import { fifoAt } from "./testing/disk-fixture.ts";
import { progressFileName, resultFileName } from "./workspace.ts";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "houseguest-output-"));
});
afterEach(() => rmSync(workspace, { recursive: true }));

describe("progress", () => {
  test.each([
    ["12", 12],
    ["12.5\n", 12.5],
    [" 3e2 ", 300],
    ["", 4],
    ["-1", 4],
    ["NaN", 4],
    ["Infinity", 4],
    ["1e999", 4],
    ["0x10", 4],
    ["12 13", 4],
    ["9".repeat(1_000), 4],
  ])("%j reads as %d", (text, progress) => {
    writeFileSync(join(workspace, progressFileName), text);
    expect(readProgress(workspace, 4)).toBe(progress);
  });

  test("is 0 before the job has said anything, and waits for no FIFO", () => {
    expect(readProgress(workspace)).toBe(0);
    fifoAt(join(workspace, progressFileName));
    expect(readProgress(workspace, 4)).toBe(4);
  });
});

describe("a result", () => {
  test("is what the job wrote, up to the limit", () => {
    expect(readResult(workspace)).toEqual({ text: null, problem: null });
    writeFileSync(join(workspace, resultFileName), "ü".repeat(limits.resultBytesMax / 2));
    expect(readResult(workspace).text).toHaveLength(limits.resultBytesMax / 2);
    writeFileSync(join(workspace, resultFileName), "x".repeat(limits.resultBytesMax + 1));
    expect(readResult(workspace)).toEqual({
      text: null,
      problem: "The job's result was not read: it is larger than 65536 bytes.",
    });
  });

  test("is not read through a symlink or from a FIFO", () => {
    symlinkSync("/etc/hostname", join(workspace, resultFileName));
    expect(readResult(workspace)).toMatchObject({ text: null, problem: expect.stringContaining("symbolic link") });
    rmSync(join(workspace, resultFileName));
    fifoAt(join(workspace, resultFileName));
    expect(readResult(workspace)).toMatchObject({ text: null, problem: expect.stringContaining("regular file") });
  });
});
