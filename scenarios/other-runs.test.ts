import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runMarker } from "../protocol/job-environment.ts";
import { otherRunsWarning } from "./other-runs.ts";
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
