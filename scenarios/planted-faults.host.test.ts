import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import type { Finding } from "../protocol/residue-report.ts";
import { RunVerdict } from "../protocol/verdict.ts";
import { isAlive, processStat } from "./stages/host/proc.ts";
import { writableCgroup } from "./stages/host/run-cgroup.ts";
import { runProgram } from "./testing/run-program.ts";

const leakyAgent = fileURLToPath(new URL("./testing/leaky-agent.ts", import.meta.url));
const simple = "join-work-pause-resume-withdraw";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "planted-"));
  writeFileSync(join(place, "config.json"), JSON.stringify({ agent: { command: [process.execPath, leakyAgent] } }));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** Runs the simple flow with an agent that plants one fault. */
async function runLeaky(plant: string, at: string): Promise<{ exitCode: number | undefined; verdict: RunVerdict }> {
  const { exitCode, stdout, stderr } = await runProgram(
    "scenarios",
    ["run", simple, "--json", "--config", join(place, "config.json"), "--runs", join(place, "runs")],
    { env: { HOUSEGUEST_PLANT: plant, HOUSEGUEST_PLANT_AT: at } },
  );
  const document = jsonOf({ stdout, stderr, exitCode }) as { verdict: unknown };
  return { exitCode, verdict: RunVerdict.parse(document.verdict) };
}

function finding(verdict: RunVerdict, match: (finding: Finding) => boolean): Finding {
  const found = verdict.residue?.findings.find(match);
  if (found === undefined)
    throw new Error(`not found among ${JSON.stringify(verdict.residue?.findings, undefined, 1)}`);
  return found;
}

/** The lifecycle was fine and the harness left nothing: the verdict is about the planted thing alone. */
function expectResidueOnly({ exitCode, verdict }: { exitCode: number | undefined; verdict: RunVerdict }): void {
  expect({
    exitCode,
    lifecycle: verdict.lifecycle,
    residue: verdict.residue?.verdict,
    cleanUp: verdict.cleanUp,
  }).toEqual({
    ...{ exitCode: 1, lifecycle: "pass", residue: "residue" },
    cleanUp: { result: "pass", notUndone: [] },
  });
}

describe("an agent that leaves something behind", () => {
  it("a file: named with its owner and why it is the agent's", async () => {
    const at = join("/var/tmp", `planted-${process.pid}`);
    try {
      const run = await runLeaky("file", at);
      expectResidueOnly(run);
      const found = finding(run.verdict, (one) => one.location === at);
      expect(found).toMatchObject({
        surface: "files",
        change: "appeared",
        owner: expect.stringContaining(run.verdict.user),
      });
      expect(found.attribution.evidence.length).toBeGreaterThan(0);
      expect(found.show).toContain(at);
    } finally {
      rmSync(at, { force: true });
    }
  });

  it("a mode change on a file that was there before", async () => {
    const at = join(homedir(), `.planted-${process.pid}`);
    writeFileSync(at, "mine\n");
    chmodSync(at, 0o600);
    try {
      const run = await runLeaky("mode", at);
      expectResidueOnly(run);
      const found = finding(run.verdict, (one) => one.location === at);
      expect(found.change).toBe("changed");
      expect(found.changed).toContain("mode");
    } finally {
      rmSync(at, { force: true });
    }
  });

  it("a daemon, forked twice with an empty environment; the harness ends it after it was seen", async (context) => {
    if (writableCgroup() === undefined) context.skip("without a writable cgroup nothing ties it to the agent");
    const at = join(place, "pid");
    const run = await runLeaky("daemon", at);
    expectResidueOnly(run);
    const pid = Number(readFileSync(at, "utf8"));
    const found = finding(run.verdict, (one) => one.surface === "processes" && one.location.includes(String(pid)));
    expect(found.attribution.to).toBe("agent");
    expect(found.attribution.evidence.map((one) => one.kind)).toContain("cgroup");
    expect(isAlive({ pid, startTime: processStat(pid)?.startTime ?? "gone" })).toBe(false);
  });

  it("a listening socket, with its address and its owner", async () => {
    const at = join(place, "socket");
    const run = await runLeaky("socket", at);
    expectResidueOnly(run);
    const [pid, port] = readFileSync(at, "utf8").split(" ");
    const found = finding(run.verdict, (one) => one.surface === "sockets" && one.location.includes(`:${port}`));
    expect(`${found.owner} ${found.subject}`).toContain(pid);
    expect(["agent", "job"]).toContain(found.attribution.to);
  });

  it.skipIf(!existsSync("/usr/bin/crontab"))("a crontab line (needs cron's crontab command)", async () => {
    const at = `/bin/true planted-${process.pid}`;
    const before = crontab();
    try {
      const run = await runLeaky("crontab", at);
      expectResidueOnly(run);
      const found = finding(run.verdict, (one) => one.surface === "crontabs");
      expect(`${found.subject} ${found.location}`).toContain(at);
      expect(found.owner).toContain(run.verdict.user);
    } finally {
      if (before === "") execFileSync("crontab", ["-r"]);
      else execFileSync("crontab", ["-"], { input: before });
    }
  });
});

function crontab(): string {
  try {
    return execFileSync("crontab", ["-l"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // This user has none.
    return "";
  }
}
