import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, it, onTestFinished } from "vitest";

import { ResidueReport } from "../protocol/residue-report.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { lackForCalls } from "./testing/watched-calls.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
const lack =
  process.geteuid?.() !== 0
    ? "needs root"
    : spawnSync("losetup", ["--find"]).status === 0
      ? await lackForCalls()
      : "needs losetup(8) and a free loop device";

/** A file of its own for a loop device, which is detached when the test ends. */
function image(name: string): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, "");
  truncateSync(path, 65_536);
  onTestFinished(() => {
    const { stdout } = spawnSync("losetup", ["--noheadings", "--output", "NAME", "--associated", path]);
    for (const device of stdout.toString().split("\n").filter(Boolean)) spawnSync("losetup", ["--detach", device]);
  });
  return path;
}

describe.skipIf(lack !== null)(
  `residue run, where loop devices are attached${lack === null ? "" : ` (${lack})`}`,
  () => {
    it("tells the command's from others', whoever mounts something meanwhile", async () => {
      const [own, foreign, point] = [image("own"), image("foreign"), temporaryDirectory()];
      onTestFinished(() => void spawnSync("umount", [point]));
      const script = `losetup --find ${own}; echo ready; read answer`;
      const root = ["--root", temporaryDirectory()];
      const parameters = [launcher, "run", "--json", ...root, "--", "sh", "-e", "-c", script];
      const child = spawn(process.execPath, parameters, { stdio: ["pipe", "pipe", "ignore"] });
      onTestFinished(() => void child.kill());
      const ended = once(child, "exit");
      const output = text(child.stdout);
      await once(child.stdout, "data");
      expect(spawnSync("losetup", ["--find", foreign]).status).toBe(0);
      // No new file system: other recorders, of other tests, would not have seen its beginning.
      expect(spawnSync("mount", ["--bind", point, point]).status).toBe(0);
      child.stdin.end("go on\n");
      await ended;
      const report = ResidueReport.parse(JSON.parse((await output).replace(/^ready\n/, "")));
      const whose = (path: string) =>
        report.findings
          .filter(({ surface, subject }) => surface === "storage" && subject.includes(path))
          .map(({ attribution }) => attribution.to);
      expect(whose(own)).toEqual(["job"]);
      expect(whose(foreign)).toEqual([]);
    });
  },
);
