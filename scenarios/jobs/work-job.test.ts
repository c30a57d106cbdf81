import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, test } from "vitest";

import { misbehaviours } from "./behaviours.ts";
import { expectedChain, WorkResult, workJob } from "./work-job.ts";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "work-job-"));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

/** Starts the job's real program in the workspace. */
function start(units: number) {
  const [file, ...args] = workJob({ units, unitCpuMs: 2, children: 1 }, "test").command as [string, ...string[]];
  const child = spawn(file, args, {
    cwd: workspace,
    env: { ...process.env, HOUSEGUEST_JOB: "job-1" },
    stdio: "ignore",
  });
  return { child, ended: new Promise<number | null>((resolve) => child.once("exit", resolve)) };
}
const result = () => WorkResult.parse(JSON.parse(readFileSync(join(workspace, "result"), "utf8")));

describe("the work job", () => {
  it("hands in what the harness computes for itself", async () => {
    expect(await start(5).ended).toBe(0);
    expect(result()).toEqual({ chain: expectedChain("job-1", 5), startedFrom: 0 });
    expect(readFileSync(join(workspace, "progress"), "utf8")).toBe("5");
    expect(readdirSync(join(workspace, "output")).length).toBeGreaterThan(0);
  });

  it("goes on from where its working directory stands, with the same result", async () => {
    expect(await start(3).ended).toBe(0);
    expect(result().chain).not.toBe(expectedChain("job-1", 8));
    expect(await start(8).ended).toBe(0);
    expect(result()).toEqual({ chain: expectedChain("job-1", 8), startedFrom: 3 });
  });
});

test("each kind of misbehaviour has its program, and what they share", () => {
  const programs = readdirSync(new URL("behaviours/", import.meta.url)).map((file) => file.replace(".mjs", ""));
  expect(programs.toSorted()).toEqual([...misbehaviours, "attempted"].toSorted());
});
