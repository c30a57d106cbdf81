import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { settleAndCompare, takeSnapshot } from "./scanner.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const files = (root: string) => ({ roots: [root], surfaces: ["files"], workers: 1 }) as const;

describe("settling", () => {
  it("is done after one reading that finds nothing", async () => {
    const root = temporaryDirectory();
    const before = await takeSnapshot(files(root));
    const { report, after } = await settleAndCompare(before, contextFixture(), { workers: 1 });
    expect(report).toMatchObject({ readings: 1, findings: [] });
    expect(after.scope).toEqual(before.scope);
  });

  it("is done when two readings agree about what is left", async () => {
    const root = temporaryDirectory();
    const before = await takeSnapshot(files(root));
    mkdirSync(join(root, "d"));
    writeFileSync(join(root, "d/left"), "");
    const { report } = await settleAndCompare(before, contextFixture(), { workers: 1 });
    expect(report.readings).toBe(2);
    expect(report.findings.map(({ location }) => location)).toEqual([join(root, "d")]);
  });

  it("forgets what is gone by the next reading, directories with all that was in them too", async () => {
    const root = temporaryDirectory();
    const before = await takeSnapshot(files(root));
    mkdirSync(join(root, "d/e"), { recursive: true });
    writeFileSync(join(root, "d/e/f"), "");
    const onReading = () => rmSync(join(root, "d"), { recursive: true, force: true });
    const { report } = await settleAndCompare(before, contextFixture(), { workers: 1, onReading });
    expect(report).toMatchObject({ readings: 2, findings: [] });
  });

  it("gives a process that is about to end the time to do so", async () => {
    const surfaces = ["processes"] as const;
    const before = await takeSnapshot({ surfaces });
    const child = spawn("sleep", ["0.4"], { stdio: "ignore" });
    const { report } = await settleAndCompare(before, contextFixture(), { surfaces });
    expect(report.readings).toBeGreaterThan(2);
    expect(report.findings.filter(({ after }) => after?.["pid"] === child.pid)).toEqual([]);
  });

  it("ends within its bound when a process stays, and reports it", async () => {
    const surfaces = ["processes"] as const;
    const before = await takeSnapshot({ surfaces });
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    try {
      const started = performance.now();
      const { report } = await settleAndCompare(before, contextFixture(), { surfaces, boundMs: 300 });
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(report.findings.some(({ after }) => after?.["pid"] === child.pid)).toBe(true);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
