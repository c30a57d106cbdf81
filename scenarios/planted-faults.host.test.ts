import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Finding } from "../protocol/residue-report.ts";
import { RunVerdict } from "../protocol/verdict.ts";
import { isAlive, processStat } from "./stages/host/proc.ts";
import { writableCgroup } from "./stages/host/run-cgroup.ts";
import { runProgram } from "./testing/run-program.ts";

const leakyAgent = fileURLToPath(new URL("./testing/leaky-agent.ts", import.meta.url));
const simple = "join-work-pause-resume-withdraw";

const hasCrontab = existsSync("/usr/bin/crontab");
const hasCgroup = writableCgroup() !== undefined;

const place = mkdtempSync(join(tmpdir(), "planted-"));
/** What is planted where; a run of the whole flow is dear, so that one has all of them. */
const at = {
  file: join("/var/tmp", `planted-${process.pid}`),
  mode: join(homedir(), `.planted-${process.pid}`),
  daemon: join(place, "pid"),
  socket: join(place, "socket"),
  crontab: `/bin/true planted-${process.pid}`,
};
let crontabBefore: string;
let exitCode: number | undefined;
let verdict: RunVerdict;

afterAll(() => {
  for (const path of [at.file, at.mode]) rmSync(path, { force: true });
  rmSync(place, { recursive: true, force: true });
  if (!hasCrontab) return;
  if (crontabBefore === "") spawnSync("crontab", ["-r"]);
  else execFileSync("crontab", ["-"], { input: crontabBefore });
});

/** Runs the simple flow with an agent that plants everything. */
beforeAll(async () => {
  crontabBefore = crontab();
  const config = join(place, "config.json");
  writeFileSync(config, JSON.stringify({ agent: { command: [process.execPath, leakyAgent] } }));
  writeFileSync(at.mode, "mine\n", { mode: 0o600 });
  const { daemon, crontab: line, ...anywhere } = at;
  const planted = { ...anywhere, ...(hasCgroup ? { daemon } : {}), ...(hasCrontab ? { crontab: line } : {}) };
  const run = await runProgram(
    "scenarios",
    ["run", simple, "--json", "--config", config, "--runs", join(place, "runs")],
    { env: { HOUSEGUEST_PLANTS: JSON.stringify(planted) } },
  );
  exitCode = run.exitCode;
  verdict = RunVerdict.parse((JSON.parse(run.stdout) as { verdict: unknown }).verdict);
});

function finding(match: (finding: Finding) => boolean): Finding {
  const found = verdict.residue?.findings.find(match);
  if (found === undefined)
    throw new Error(`not found among ${JSON.stringify(verdict.residue?.findings, undefined, 1)}`);
  return found;
}

describe("an agent that leaves something behind", () => {
  it("has a good lifecycle and a harness that leaves nothing: the verdict is about what was planted alone", () => {
    expect({
      exitCode,
      lifecycle: verdict.lifecycle,
      residue: verdict.residue?.verdict,
      cleanUp: verdict.cleanUp,
    }).toEqual({
      ...{ exitCode: 1, lifecycle: "pass", residue: "residue" },
      cleanUp: { result: "pass", notUndone: [] },
    });
  });

  it("a file: named with its owner and why it is the agent's", () => {
    const found = finding((one) => one.location === at.file);
    expect(found).toMatchObject({
      surface: "files",
      change: "appeared",
      owner: expect.stringContaining(verdict.user),
    });
    expect(found.attribution.evidence.length).toBeGreaterThan(0);
    expect(found.show).toContain(at.file);
  });

  it("a mode change on a file that was there before", () => {
    const found = finding((one) => one.location === at.mode);
    expect(found.change).toBe("changed");
    expect(found.changed).toContain("mode");
  });

  it.skipIf(!hasCgroup)(
    "a daemon, forked twice with an empty environment; the harness ends it after it was seen (needs a writable cgroup)",
    () => {
      const pid = Number(readFileSync(at.daemon, "utf8"));
      const found = finding((one) => one.surface === "processes" && one.location.includes(String(pid)));
      expect(found.attribution.to).toBe("agent");
      expect(found.attribution.evidence.map((one) => one.kind)).toContain("cgroup");
      expect(isAlive({ pid, startTime: processStat(pid)?.startTime ?? "gone" })).toBe(false);
    },
  );

  it("a listening socket, with its address and its owner", () => {
    const [pid, port] = readFileSync(at.socket, "utf8").split(" ");
    const found = finding((one) => one.surface === "sockets" && one.location.includes(`:${port}`));
    expect(`${found.owner} ${found.subject}`).toContain(pid);
    expect(["agent", "job"]).toContain(found.attribution.to);
  });

  it.skipIf(!hasCrontab)("a crontab line (needs cron's crontab command)", () => {
    const found = finding((one) => one.surface === "crontabs");
    expect(`${found.subject} ${found.location}`).toContain(at.crontab);
    expect(found.owner).toContain(verdict.user);
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
