import { execFileSync, spawnSync } from "node:child_process";
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

/** Runs the simple flow with an agent that plants faults, each at its place. */
async function runLeaky(
  plants: Readonly<Record<string, string>>,
): Promise<{ exitCode: number | undefined; verdict: RunVerdict }> {
  const { exitCode, stdout, stderr } = await runProgram(
    "scenarios",
    ["run", simple, "--json", "--config", join(place, "config.json"), "--runs", join(place, "runs")],
    { env: { HOUSEGUEST_PLANTS: JSON.stringify(plants) } },
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
  it("a file, a mode, a socket, a crontab line: each is named, with its owner and why it is the agent's", async () => {
    const at = {
      file: join("/var/tmp", `planted-${process.pid}`),
      mode: join(homedir(), `.planted-${process.pid}`),
      socket: join(place, "socket"),
      // Needs cron's crontab command.
      ...(existsSync("/usr/bin/crontab") ? { crontab: `/bin/true planted-${process.pid}` } : {}),
    };
    const before = at.crontab === undefined ? "" : crontab();
    writeFileSync(at.mode, "mine\n");
    chmodSync(at.mode, 0o600);
    try {
      const run = await runLeaky(at);
      expectResidueOnly(run);
      const { verdict } = run;

      const file = finding(verdict, (one) => one.location === at.file);
      expect(file).toMatchObject({
        surface: "files",
        change: "appeared",
        owner: expect.stringContaining(verdict.user),
      });
      expect(file.attribution.evidence.length).toBeGreaterThan(0);
      expect(file.show).toContain(at.file);

      const mode = finding(verdict, (one) => one.location === at.mode);
      expect(mode.change).toBe("changed");
      expect(mode.changed).toContain("mode");

      const [pid, port] = readFileSync(at.socket, "utf8").split(" ");
      const socket = finding(verdict, (one) => one.surface === "sockets" && one.location.includes(`:${port}`));
      expect(`${socket.owner} ${socket.subject}`).toContain(pid);
      expect(["agent", "job"]).toContain(socket.attribution.to);

      const lines = verdict.residue?.findings.filter((one) => one.surface === "crontabs") ?? [];
      const told = lines.map(({ subject, location, owner }) => `${subject} ${location} ${owner}`);
      const line = [expect.stringContaining(at.crontab ?? ""), expect.stringContaining(verdict.user)];
      expect(told.map((one) => [one, one])).toEqual(at.crontab === undefined ? [] : [line]);
    } finally {
      for (const path of [at.file, at.mode]) rmSync(path, { force: true });
      if (at.crontab !== undefined && before === "") spawnSync("crontab", ["-r"]);
      else if (at.crontab !== undefined) execFileSync("crontab", ["-"], { input: before });
    }
  });

  it("a daemon, forked twice with an empty environment; the harness ends it after it was seen", async (context) => {
    if (writableCgroup() === undefined) context.skip("without a writable cgroup nothing ties it to the agent");
    const at = join(place, "pid");
    const run = await runLeaky({ daemon: at });
    expectResidueOnly(run);
    const pid = Number(readFileSync(at, "utf8"));
    const found = finding(run.verdict, (one) => one.surface === "processes" && one.location.includes(String(pid)));
    expect(found.attribution.to).toBe("agent");
    expect(found.attribution.evidence.map((one) => one.kind)).toContain("cgroup");
    expect(isAlive({ pid, startTime: processStat(pid)?.startTime ?? "gone" })).toBe(false);
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
