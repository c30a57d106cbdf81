import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { runProgram } from "./testing/run-program.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "scenarios-cli-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe("scenarios", () => {
  it.each([
    [["run", "withdraw-under-laod"], "Did you mean `scenarios run withdraw-under-load`?"],
    [["run"], "Name some, or give --all or --grep"],
    [["run", "withdraw-under-laod*"], "The nearest is withdraw-under-load."],
    [["run", "--all", "--grep", "nothing-has-this"], "No scenario is left by --grep nothing-has-this."],
    [["run", "--all", "--grep", "("], "is no regular expression"],
    [["list", "--grep", "["], "is no regular expression"],
    [["run", "--all", "--shard", "3/2"], "It must be K/N"],
    [["run", "--all", "--timeout", "soon"], "It must be a time of at most a day"],
    [["run", "--all", "--repeat-each", "0"], "whole number from 1"],
    [["run", "--last-failed"], "nothing says what ran there last"],
    [["recheck"], "or name the folder that holds the runs with --runs DIR."],
    [["compare", "a", "b"], "There are no runs in .scenarios yet."],
    [["merge", "nowhere"], "There is no nowhere/suite.json"],
    [["run", "rapid-pause-resume", "--slots", "none"], "whole number"],
    [["run", "rapid-pause-resume", "--slots", "999"], "from 1 to 256."],
    [["run", "rapid-pause-resume", "--runs", "/proc/x"], "--output DIR"],
    [["run", "rapid-pause-resume", "--stage", "simm"], "Did you mean `--stage sim`?"],
    [["run", "rapid-pause-resume", "--stage", "moon"], "Name one of host, netns, sim."],
    [["run", "rapid-pause-resume", "--stage", "sim", "--store", "sqlite"], "--store has no meaning"],
    [["run", "rapid-pause-resume", "--stage", "sim", "--policy", "ci"], "--policy has no meaning"],
    [["run", "rapid-pause-resume", "--policy", "lax"], "developer or ci or strict"],
    [["run", "rapid-pause-resume", "--reporter", "loud"], "line, list, json, junit, markdown, github"],
    [["run", "rapid-pause-resume", "--reporter", "markdwon"], "Did you mean `--reporter markdown`?"],
    [["run", "rapid-pause-resume", "--reporter", "json,github"], "both write to stdout"],
    [["run", "rapid-pause-resume", "--json", "--reporter", "line"], "both write to stdout"],
    [
      ["run", "rapid-pause-resume", "--reporter", "junit=a.xml,json=./a.xml"],
      "Two reporters cannot both write to ./a.xml",
    ],
    [["run", "rapid-pause-resume", "--reporter", "junit=/nowhere/x.xml"], "cannot be written"],
    [["run", "rapid-pause-resume", "--config", "/nowhere.json"], "/nowhere.json"],
    [["run", "rapid-pause-resume", "--seed", ""], "It must not be empty."],
    [["simulate", "--seed", ""], "It must not be empty."],
    [["simulate", "--seed=", "--seeds", "2"], "It must not be empty."],
    [["heal", "--runs", "nowhere"], "There is no folder nowhere."],
    [["heal", "--runs", "/dev/null"], "/dev/null is no folder."],
    [["heal", "--json", "--runs", "nowhere"], "There is no folder nowhere."],
    [["show", "nothing"], "scenarios list"],
    [["walk"], "Unknown command"],
    [["--fast"], "Unknown option"],
    [[], "Say what to do"],
  ])("%j ends with 64, one sentence and nothing left behind", async (args, says) => {
    const { exitCode, stdout, stderr } = await runProgram("scenarios", args, { cwd: place });
    expect(stderr).toContain(says);
    expect({ exitCode, stdout, lines: stderr.trim().split("\n").length }).toEqual({
      exitCode: 64,
      stdout: "",
      lines: 1,
    });
    expect(readdirSync(place)).toEqual([]);
  });

  it("names what is wrong in a broken configuration", async () => {
    writeFileSync(join(place, "houseguest.config.json"), '{"slots": "many"}');
    const { exitCode, stderr } = await runProgram("scenarios", ["run", "rapid-pause-resume"], { cwd: place });
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/houseguest\.config\.json.*slots/);
  });

  it("refuses a command that is none, before anything is done", async () => {
    writeFileSync(join(place, "houseguest.config.json"), '{"agent": {"command": ["/etc/passwd"]}}');
    const { exitCode, stderr } = await runProgram("scenarios", ["run", "rapid-pause-resume"], { cwd: place });
    expect(exitCode).toBe(64);
    expect(stderr).toContain("agent.command");
    expect(readdirSync(place)).toEqual(["houseguest.config.json"]);
  });

  it("runs a scenario in virtual time, and says whose agent that is", async () => {
    writeFileSync(join(place, "houseguest.config.json"), '{"agent": {"command": ["/opt/agent"]}}');
    const args = ["run", "join-work-pause-resume-withdraw", "--stage", "sim", "--seed", "s", "--json"];
    const { exitCode, stdout, stderr } = await runProgram("scenarios", args, { cwd: place });
    const { verdict } = jsonOf({ stdout, stderr, exitCode }) as { verdict: Record<string, unknown> };
    expect({ exitCode, stage: verdict["stage"], lifecycle: verdict["lifecycle"] }).toEqual({
      ...{ exitCode: 0, stage: "sim", lifecycle: "pass" },
    });
    expect(verdict["reproduce"]).toBe("npx scenarios run join-work-pause-resume-withdraw --seed s --stage sim");
    expect(stderr).toContain("agent.command of the configuration is for --stage host");
  });

  it.each([
    ["too long for a socket in it", `/tmp/${"x".repeat(120)}`],
    ["not there", "/nowhere"],
  ])("refuses a TMPDIR that is %s, before anything is done", async (_, TMPDIR) => {
    const { exitCode, stderr } = await runProgram("scenarios", ["run", "rapid-pause-resume"], {
      cwd: place,
      env: { TMPDIR },
    });
    expect(exitCode).toBe(64);
    expect(stderr).toContain("Point TMPDIR at");
    expect(readdirSync(place)).toEqual([]);
  });

  it("does not call a ledger healed that it cannot read", async () => {
    mkdirSync(join(place, "runs", "one"), { recursive: true });
    writeFileSync(join(place, "runs", "one", "undo.jsonl"), "garbage\n");
    const { exitCode, stdout } = await runProgram("scenarios", ["heal", "--runs", join(place, "runs")]);
    expect(exitCode).toBe(3);
    expect(stdout).toContain("line 1 of");
  });

  it("refuses run directories where it may not write", async () => {
    writeFileSync(join(place, "file"), "");
    const { exitCode, stderr } = await runProgram("scenarios", [
      "run",
      "rapid-pause-resume",
      "--runs",
      join(place, "file"),
    ]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("--output DIR");
  });

  it("prints help with examples and the exit codes", async () => {
    const { exitCode, stdout } = await runProgram("scenarios", ["run", "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("scenarios run withdraw-under-load");
    expect(stdout).toContain("130 interrupted");
    expect(stdout).toContain("--last-failed keeps what failed");
  });

  it("lists and shows scenarios as text and as JSON", async () => {
    const listed = jsonOf(await runProgram("scenarios", ["list", "--json"])) as { name: string }[];
    expect(listed.map((one) => one.name)).toContain("withdraw-under-load");
    const shown = await runProgram("scenarios", ["show", "withdraw-under-load"]);
    expect(shown.stdout).toContain("while jobs keep coming");
  });

  it("has nothing to heal where nothing ran", async () => {
    const { exitCode, stdout } = await runProgram("scenarios", ["heal"], { cwd: place });
    expect({ exitCode, stdout: stdout.slice(0, 15) }).toEqual({ exitCode: 0, stdout: "Nothing to heal" });
  });
});
