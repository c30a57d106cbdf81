import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { writePlan } from "./simulating/plan-file.ts";
import { planFor } from "./simulator/plan/profiles.ts";
import { runProgram } from "./testing/run-program.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "simulate-cli-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const scenarios = (...args: string[]) => runProgram("scenarios", args, { cwd: place });

describe("scenarios simulate and replay", () => {
  it.each([
    [["simulate", "--seeds", "0"], "whole number"],
    [["simulate", "--agents", "x"], "whole number"],
    [["simulate", "--minutes", "-1"], "whole number"],
    [["simulate", "--jobs", "0"], "from 1 to 64."],
    [["simulate", "--profile", "chrun"], "Did you mean `--profile churn`?"],
    [["simulate", "--profile", "zzzz"], "Name one of swarm, quick"],
    [["simulate", "--seeds", "5", "--until-failure"], "Leave one of the two out."],
    [["simulate", "--out", "/proc/nowhere"], "--out DIR"],
    [["simulate", "--out", "/etc/passwd"], "--out DIR"],
    [["simulate", "--sneeds", "5"], "Did you mean --seeds?"],
    [["simulate", "42"], "Too many arguments"],
    [["replay"], "Missing required argument"],
    [["replay", "nothing.json"], "ENOENT"],
    [["replay", "/etc/passwd"], "no plan that can be run"],
    [["replay", "nothing.json", "--stage", "moon"], '"moon". Name one of sim, host.'],
    [["replay", "nothing.json", "--stage", "hots"], "Did you mean `--stage host`?"],
  ])("%j ends with 64, one sentence and nothing left behind", async (args, says) => {
    const { exitCode, stdout, stderr } = await scenarios(...args);
    expect(stderr).toContain(says);
    expect({ exitCode, stdout, lines: stderr.trim().split("\n").length }).toEqual({
      exitCode: 64,
      stdout: "",
      lines: 1,
    });
    expect(readdirSync(place)).toEqual([]);
  });

  it("shows the profiles, examples and exit codes", async () => {
    const { exitCode, stdout } = await scenarios("simulate", "--help");
    expect(exitCode).toBe(0);
    for (const says of ["churn", "git rev-parse HEAD", "130  interrupted"]) expect(stdout).toContain(says);
    expect((await scenarios("replay", "--help")).stdout).toContain("--history history.jsonl");
  });

  it("says first which seed it runs and everything that was drawn for it", async () => {
    const { stdout } = await scenarios("simulate", "--profile", "calm", "--seed", "any text", "--minutes", "1");
    const [first = "", second = ""] = stdout.split("\n");
    expect(first).toBe("Seed any text · profile calm · agents drawn · 1 minute · 1 worker");
    const { options } = planFor({ seed: "any text", profile: "calm", minutes: 1 });
    expect(second).toMatch(new RegExp(`^Plan +${options.agents} agents? · ${options.slots} slots?`));
  });

  it("comes to the same on one worker and on two", async () => {
    const args = ["simulate", "--profile", "quick", "--seed", "same", "--seeds", "20", "--no-shrink", "--json"];
    const [one, two] = await Promise.all(["1", "2"].map((jobs) => scenarios(...args, "--jobs", jobs)));
    const [once, again] = [one, two].map((result) => {
      const { options, figures, ...told } = JSON.parse(result?.stdout ?? "") as Record<string, Record<string, unknown>>;
      return { ...told, figures: { ...figures, tookMs: 0 }, options: { ...options, workers: 0 } };
    });
    expect(once).toEqual(again);
    expect(once).toMatchObject({ seeds: { run: 20 }, digest: expect.stringMatching(/^[\da-f]{16}$/) });
  });

  it("runs every seed twice and finds it like itself", async () => {
    const args = ["--profile", "quick", "--seed", "twice", "--seeds", "6", "--no-shrink", "--jobs", "2"];
    const { stdout, stderr, exitCode } = await scenarios("simulate", ...args, "--determinism", "--json");
    const { failures } = jsonOf({ stdout, stderr, exitCode }) as { failures: { invariant: string }[] };
    expect(failures.map(({ invariant }) => invariant)).not.toContain("determinism");
  });

  it("replays a plan, with its history", async () => {
    const file = join(place, "plan.json");
    const shows = { invariant: "L2", story: ["it was so"] };
    writePlan(file, { ...planFor({ seed: "calm", profile: "calm", minutes: 1 }), shows });
    const { exitCode, stdout } = await scenarios("replay", file, "--history", join(place, "history.jsonl"));
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("not violated any more"),
    });
    const types = readFileSync(join(place, "history.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toContain("agent.started");
    const told = jsonOf(await scenarios("replay", file, "--json")) as { figures: { records: number } };
    expect(told).toMatchObject({ exitCode: 0, failure: null, shows, stage: "sim", figures: { records: types.length } });
  });

  it("ends with 1 when the plan of a failure fails again", async () => {
    const file = join(place, "plan.json");
    const plan = planFor({ seed: "late", profile: "calm", minutes: 1 });
    // A message takes a day each way, and there is a moment to come to an end in.
    const dayMs = 86_400_000;
    const options = { ...plan.options, latencyMsMin: dayMs, latencyMsMax: dayMs, livenessMs: 1 };
    writePlan(file, { ...plan, options, steps: plan.steps.filter((step) => step.do === "submit") });
    const { exitCode, stdout } = await scenarios("replay", file);
    expect(stdout).toMatch(/FAIL .* was violated/);
    expect(exitCode).toBe(1);
  });

  it("sums up and ends with 130 when it is interrupted", async () => {
    const program = join(import.meta.dirname, "../bin/scenarios.mjs");
    const args = [program, "simulate", "--profile", "calm", "--until-failure", "--minutes", "1", "--jobs", "1"];
    const simulation = execa(process.execPath, args, { cwd: place, reject: false, stdin: "ignore" });
    await Promise.race([once(simulation.stdout, "data"), simulation]);
    simulation.kill("SIGINT");
    const { exitCode, stdout } = await simulation;
    expect(stdout).toContain(" INTERRUPTED  after ");
    expect(exitCode).toBe(130);
  });

  it("writes nothing but JSON to stdout", async () => {
    writeFileSync(join(place, "x"), "");
    const { stdout, stderr, exitCode } = await scenarios(
      "simulate",
      "--seed",
      "s",
      "--profile",
      "calm",
      "--minutes",
      "1",
      "--json",
    );
    expect(jsonOf({ stdout, stderr, exitCode })).toMatchObject({
      seeds: { first: "s", run: 1 },
      options: { profile: "calm", minutes: 1 },
    });
  });
});
