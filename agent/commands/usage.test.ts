import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { launcher } from "../autostart/hook.ts";
import { temporaryDirectory } from "../testing/temporary-home.ts";

test.each(["pause", "resume", "withdraw"])("a reason for %s that is too long is a usage error", (command) => {
  const home = join(temporaryDirectory(), "home");
  const run = (length: number) =>
    spawnSync(process.execPath, [launcher, command, "--home", home, "--reason", "x".repeat(length)], {
      encoding: "utf8",
    });
  const { status, stderr } = run(501);
  expect(status).toBe(64);
  expect(stderr).toContain("It may have 500 characters, and has 501.");
  expect(run(500).stderr).not.toContain("characters");
});

test("a relative home in a directory that is not there any more is a usage error", () => {
  const directory = join(temporaryDirectory(), "gone");
  mkdirSync(directory);
  const script = `rmdir '${directory}' && exec '${process.execPath}' '${launcher}' status --home agent`;
  const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: directory, encoding: "utf8" });
  expect(stderr).toContain("the current directory is not there any more");
  expect(status).toBe(64);
});
