import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
function start(units: number, environment: NodeJS.ProcessEnv = {}) {
  const [file, ...args] = workJob({ units, unitCpuMs: 2, children: 1 }, "test").command as [string, ...string[]];
  const child = spawn(file, args, {
    cwd: workspace,
    env: { ...process.env, HOUSEGUEST_JOB: "job-1", ...environment },
    stdio: "ignore",
  });
  return { child, ended: new Promise<number | null>((resolve) => child.once("exit", resolve)) };
}
const progress = () =>
  existsSync(join(workspace, "progress")) ? readFileSync(join(workspace, "progress"), "utf8") : "";
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

  it.each([
    ["of which a file is gone", (output: string) => rmSync(join(output, "unit-2.bin"))],
    ["of which a file is another", (output: string) => writeFileSync(join(output, "unit-2.bin"), "")],
    ["of which a mode is lost", (output: string) => chmodSync(join(output, "tool"), 0o600)],
    ["of which a link is gone", (output: string) => rmSync(join(output, "link"))],
  ])("does not go on in a directory %s", async (_what, spoil) => {
    expect(await start(2).ended).toBe(0);
    spoil(join(workspace, "output"));
    expect(await start(3).ended).toBe(1);
  });
});

test.skipIf(process.platform !== "linux")("a job waits for room where its disk is full (needs /dev/full)", async () => {
  const place = join(workspace, "result");
  symlinkSync("/dev/full", place);
  const { child, ended } = start(2, { HOUSEGUEST_RESULT_FILE: place });
  const stat = `/proc/${child.pid}/stat`;
  const isWaiting = () => child.exitCode !== null || (progress() === "2" && / S /.test(readFileSync(stat, "utf8")));
  await expect.poll(isWaiting, { timeout: 60_000 }).toBe(true);
  symlinkSync(join(workspace, "roomy"), `${place}.next`);
  renameSync(`${place}.next`, place);
  expect(await ended).toBe(0);
  expect(result().chain).toBe(expectedChain("job-1", 2));
});

test("each kind of misbehaviour has its program, and what they share", () => {
  const programs = readdirSync(new URL("behaviours/", import.meta.url)).map((file) => file.replace(".mjs", ""));
  expect(programs.toSorted()).toEqual([...misbehaviours, "attempted"].toSorted());
});
