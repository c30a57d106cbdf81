import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runMarker } from "../protocol/job-environment.ts";
import { otherRuns, otherRunsWarning } from "./other-runs.ts";
import { processStat } from "./stages/host/proc.ts";

let root: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "other-runs-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child);
  rmSync(root, { recursive: true, force: true });
});

describe.skipIf(process.platform !== "linux")("another run", () => {
  it("is named while its harness lives, and not after", async () => {
    const harness = await started({});
    mkdirSync(join(root, "20260131T101500-theirs"));
    writeFileSync(join(root, "20260131T101500-theirs", "undo.jsonl"), "");
    const owner = { pid: harness.pid, startTime: processStat(harness.pid ?? 0)?.startTime };
    writeFileSync(join(root, "20260131T101500-theirs", "harness.json"), JSON.stringify(owner));
    expect(otherRunsWarning(root)).toContain("is under way on this machine: 20260131T101500-theirs. ");
    await ended(harness);
    expect(otherRunsWarning(root) ?? "").not.toContain("20260131T101500-theirs");
  });

  it("is seen by its processes where its directory lies elsewhere", async () => {
    const agent = await started({ [runMarker]: "0123abcd" });
    // Other tests of this machine may have runs as well; only so many processes are named.
    expect(otherRunsWarning(root)).toMatch(/^Another run is under way on this machine: process \d+ \(/);
    await ended(agent);
    expect(otherRunsWarning(root) ?? "").not.toContain(`process ${agent.pid} `);
  });
});

const name = "20260131T101500-theirs";
/** A harness with a watchdog, as far as others see them: it waits for its stdin to end, and so does its child. */
const harnessProgram = `
  import { spawn } from "node:child_process";
  const [title, dismissal, directory] = process.argv.slice(1);
  const words = [title, dismissal, "log", "program", "undo", directory];
  const child = spawn("/bin/sh", ["-c", "read word", ...words], { stdio: ["pipe", "ignore", "ignore"] });
  child.once("spawn", () => process.stdout.write("begun"));
  process.stdin.resume().on("end", () => child.stdin.end());`;

describe.skipIf(process.platform !== "linux")("another run that is believed", () => {
  interface Pretence {
    readonly called?: string;
    readonly mode?: number;
    readonly record?: object;
  }

  /** @returns what is seen of it by a run that is not its parent */
  async function seen({ called = name, mode = 0o755, record = {} }: Pretence): Promise<unknown> {
    const directory = join(root, called);
    mkdirSync(directory);
    chmodSync(directory, mode);
    const words = ["houseguest-watchdog", "the run ended in order", directory];
    const harness = spawn(process.execPath, ["--input-type=module", "-e", harnessProgram, ...words], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(harness);
    await once(harness.stdout, "data");
    const owner = { pid: harness.pid, startTime: processStat(harness.pid ?? 0)?.startTime, id: "0a1b2c3d" };
    writeFileSync(join(directory, "harness.json"), JSON.stringify({ ...owner, ...record }), { mode: 0o644 });
    const asked = JSON.parse(
      execFileSync(process.execPath, ["--input-type=module-typescript", "-e", asking], { encoding: "utf8" }),
    ) as { id: string }[];
    return asked.filter(({ id }) => id === "0a1b2c3d");
  }

  it("is the one whose harness started the watchdog that names its directory", async () => {
    expect(await seen({})).toMatchObject([{ name, id: "0a1b2c3d" }]);
  });

  it.each<[string, Pretence]>([
    ["called as no run is", { called: "etc" }],
    ["to which others may write", { mode: 0o777 }],
    ["whose record names another living process", { record: { pid: process.pid, ...startOf(process.pid) } }],
    ["whose record names no id of a run", { record: { id: "0a1b2c3d/../etc" } }],
  ])("is none with a directory %s", async (_, pretence) => {
    expect(await seen(pretence)).toEqual([]);
  });

  it("is none that the run which asks started itself", async () => {
    await seen({});
    expect(otherRuns("").filter(({ id }) => id === "0a1b2c3d")).toEqual([]);
  });
});

const asking = `
  import { otherRuns } from ${JSON.stringify(fileURLToPath(new URL("other-runs.ts", import.meta.url)))};
  console.log(JSON.stringify(otherRuns("")));`;

function startOf(pid: number) {
  return { startTime: processStat(pid)?.startTime };
}

/** A process that waits for its stdin to end. */
async function started(environment: Record<string, string>): Promise<ChildProcess> {
  const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"], env: { ...process.env, ...environment } });
  children.push(child);
  await once(child, "spawn");
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, "exit");
  child.stdin?.end();
  await exit;
}
