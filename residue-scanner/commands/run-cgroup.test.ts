import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { RunCgroup } from "./run-cgroup.ts";

const probe = RunCgroup.create(`unit-probe-${process.pid}`);
const isWritable = probe !== null;
await probe?.remove({ withBelow: false });

function cgroupWithChild(name: string): { cgroup: RunCgroup; below: string } {
  const cgroup = RunCgroup.create(`unit-${name}-${process.pid}`) as RunCgroup;
  const below = join(cgroup.directory, "left/below");
  mkdirSync(below, { recursive: true });
  onTestFinished(() => {
    for (const path of [below, join(below, ".."), cgroup.directory]) if (existsSync(path)) rmdirSync(path);
  });
  return { cgroup, below };
}

function sleeperIn(directory: string): { child: ChildProcess; ended: Promise<unknown> } {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  writeFileSync(join(directory, "cgroup.procs"), String(child.pid));
  return { child, ended: once(child, "exit") };
}

describe.skipIf(!isWritable)("a cgroup for a command (needs a writable cgroup v2)", () => {
  it("stays with what the command made below it, and says how to finish", async () => {
    const { cgroup, below } = cgroupWithChild("kept");
    const kept = await cgroup.remove({ withBelow: false });
    expect(kept).toContain(`find ${cgroup.directory} -depth -type d -exec rmdir {} ';'`);
    expect(existsSync(below)).toBe(true);
  });

  it("goes with empty cgroups below it when that is asked", async () => {
    const { cgroup } = cgroupWithChild("gone");
    expect(await cgroup.remove({ withBelow: true })).toBeNull();
    expect(existsSync(cgroup.directory)).toBe(false);
  });

  it("keeps one below it in which something runs", async () => {
    const { cgroup, below } = cgroupWithChild("busy");
    const { child, ended } = sleeperIn(below);
    const kept = await cgroup.remove({ withBelow: true });
    expect(kept).toContain(cgroup.directory);
    expect(existsSync(below)).toBe(true);
    child.kill("SIGKILL");
    await ended;
    expect(await cgroup.remove({ withBelow: true })).toBeNull();
  });
});
