import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

const place = mkdtempSync(join(tmpdir(), "planted-"));
const places = {
  file: join("/var/tmp", `planted-${process.pid}`),
  mode: join(homedir(), `.planted-${process.pid}`),
  daemon: join(place, "pid"),
  socket: join(place, "socket"),
  crontab: `/bin/true planted-${process.pid}`,
};
const hasCrontab = existsSync("/usr/bin/crontab");
const crontabBefore = crontab();
let run: { readonly exitCode: number | undefined; readonly verdict: RunVerdict };

/** Runs the simple flow once, with an agent that plants every fault that this host can have. */
beforeAll(async () => {
  const { crontab: line, daemon, ...always } = places;
  const plants = {
    ...always,
    // Without a writable cgroup nothing ties it to the agent, and the harness would leave it running.
    ...(writableCgroup() === undefined ? {} : { daemon }),
    ...(hasCrontab ? { crontab: line } : {}),
  };
  writeFileSync(places.mode, "mine\n");
  chmodSync(places.mode, 0o600);
  writeFileSync(join(place, "config.json"), JSON.stringify({ agent: { command: [process.execPath, leakyAgent] } }));
  const { exitCode, stdout } = await runProgram(
    "scenarios",
    ["run", simple, "--json", "--config", join(place, "config.json"), "--runs", join(place, "runs")],
    { env: { HOUSEGUEST_PLANTS: JSON.stringify(plants) } },
  );
  const document = JSON.parse(stdout) as { verdict: unknown };
  run = { exitCode, verdict: RunVerdict.parse(document.verdict) };
});

afterAll(() => {
  for (const path of [place, places.file, places.mode]) rmSync(path, { recursive: true, force: true });
  if (!hasCrontab) return;
  if (crontabBefore === "") spawnSync("crontab", ["-r"]);
  else execFileSync("crontab", ["-"], { input: crontabBefore });
});

function finding(verdict: RunVerdict, match: (finding: Finding) => boolean): Finding {
  const found = verdict.residue?.findings.find(match);
  if (found === undefined)
    throw new Error(`not found among ${JSON.stringify(verdict.residue?.findings, undefined, 1)}`);
  return found;
}

describe("an agent that leaves something behind", () => {
  it("is judged by that alone: the lifecycle was fine, and the harness left nothing", () => {
    const { exitCode, verdict } = run;
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
    const found = finding(run.verdict, (one) => one.location === places.file);
    expect(found).toMatchObject({
      surface: "files",
      change: "appeared",
      owner: expect.stringContaining(run.verdict.user),
    });
    expect(found.attribution.evidence.length).toBeGreaterThan(0);
    expect(found.show).toContain(places.file);
  });

  it("a mode change on a file that was there before", () => {
    const found = finding(run.verdict, (one) => one.location === places.mode);
    expect(found.change).toBe("changed");
    expect(found.changed).toContain("mode");
  });

  it("a daemon, forked twice with an empty environment; the harness ends it after it was seen", (context) => {
    if (writableCgroup() === undefined) context.skip("without a writable cgroup nothing ties it to the agent");
    const pid = Number(readFileSync(places.daemon, "utf8"));
    const found = finding(run.verdict, (one) => one.surface === "processes" && one.location.includes(String(pid)));
    expect(found.attribution.to).toBe("agent");
    expect(found.attribution.evidence.map((one) => one.kind)).toContain("cgroup");
    expect(isAlive({ pid, startTime: processStat(pid)?.startTime ?? "gone" })).toBe(false);
  });

  it("a listening socket, with its address and its owner", () => {
    const [pid, port] = readFileSync(places.socket, "utf8").split(" ");
    const found = finding(run.verdict, (one) => one.surface === "sockets" && one.location.includes(`:${port}`));
    expect(`${found.owner} ${found.subject}`).toContain(pid);
    expect(["agent", "job"]).toContain(found.attribution.to);
  });

  it.skipIf(!hasCrontab)("a crontab line (needs cron's crontab command)", () => {
    const found = finding(run.verdict, (one) => one.surface === "crontabs" && one.subject.includes(places.crontab));
    expect(found.owner).toContain(run.verdict.user);
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
