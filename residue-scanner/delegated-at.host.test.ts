import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it, onTestFinished } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { ResidueReport } from "../protocol/residue-report.ts";
import { runResidue } from "./testing/run-residue.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;
const hasAt = ["at", "atd"].every((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0);

const pidFile = "/run/atd.pid";

/** at(1) wakes the daemon whose pid is in that file: the host's, or where there is none, one of this test's own. */
async function startDaemon(): Promise<void> {
  if (existsSync(pidFile)) return;
  const daemon = spawn("atd", ["-f"], { stdio: "ignore" });
  const ended = once(daemon, "exit");
  onTestFinished(async () => {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(pidFile, { force: true });
  });
  await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() === String(daemon.pid));
}

/** Nothing tells when a daemon is ready. */
async function until(isReady: () => boolean): Promise<void> {
  for (const deadlineMs = performance.now() + 30_000; !isReady() && performance.now() < deadlineMs; ) await sleep(20);
  expect(isReady()).toBe(true);
}

describe.skipIf(!isRoot || !hasAt)("what atd does (needs root, at and atd)", () => {
  it("is the job's that asked for it by at(1), though nothing is left in the spool", async () => {
    await startDaemon();
    const root = temporaryDirectory();
    const late = join(root, "late");
    // The command waits for what it asked for, and takes it back where nobody does it.
    const wait = `for i in $(seq 600); do [ -s ${late} ] && exit; sleep 0.1; done; atrm $(sed -n 's/^job \\([0-9]*\\) .*/\\1/p' said)`;
    const script = `cd "$1"; echo 'echo done > ${late}' | at now 2>said; ${wait}`;
    const command = ["sh", "-c", script, "sh", temporaryDirectory()];
    const { stdout, stderr, exitCode } = await runResidue(["run", "--json", "--root", root, "--", ...command]);
    const { findings } = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
    const found = findings.filter(({ location }) => location === late);
    expect(found.map(({ attribution }) => attribution.to)).toEqual(["job"]);
    expect(found[0]?.attribution.evidence[0]).toMatchObject({
      kind: "request",
      detail: expect.stringMatching(/process \d+ \(\/usr\/bin\/at\) of the job/) as string,
    });
  });
});
