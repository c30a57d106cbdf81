import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { planFor } from "./simulator/plan/profiles.ts";
import { writePlan } from "./simulating/plan-file.ts";

const launcher = resolve(import.meta.dirname, "../bin/scenarios.mjs");
const run = ["run", "join-work-pause-resume-withdraw", "--stage", "sim", "--seed", "s"];
let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "scenarios-output-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const commands = [
  ["list"],
  ["list", "--json"],
  ["show", "withdraw-under-load"],
  ["--help"],
  ["heal"],
  [...run, "--json"],
];

describe.skipIf(process.platform !== "linux")("an output that cannot be written (/dev/full is Linux's)", () => {
  it.each([...commands.map((args) => [args]), [["simulate", "--profile", "quick", "--seeds", "1", "--json"]]])(
    "is no success: %j",
    async (args) => {
      const { exitCode, stderr } = await shell('"$@" >/dev/full', args);
      // On a busy machine a simulation takes long enough to tell meanwhile where it is.
      expect(stderr).toMatch(/^(0 of 1 seeds · [^\n]+\n)*The output could not be written: ENOSPC\. [^\n]+$/);
      expect(exitCode).toBe(64);
    },
  );

  it("is told of a report in a file, after the run and without hiding what became of it", async () => {
    const reporters = ["--reporter", "junit=/dev/full", "--reporter", "line=/dev/full"];
    const { exitCode, stdout, stderr } = await shell('"$@"', [...run, ...reporters]);
    expect(stdout).toContain(" PASS ");
    const sentence = "The report file /dev/full could not be written: ENOSPC. Make room there, or name another file.";
    expect({ exitCode, stderr }).toEqual({ exitCode: 64, stderr: `${sentence}\n${sentence}` });
    expect((await shell('"$@"', [...run, ...reporters, "--deadline", "0.000001"])).exitCode).toBe(1);
  });

  it("is told of the history of a plan, after its verdict", async () => {
    writePlan(join(place, "plan.json"), planFor({ seed: "s", profile: "quick" }));
    const { exitCode, stdout, stderr } = await shell('"$@"', ["replay", "plan.json", "--history", "/dev/full"]);
    expect(stdout).toContain(" PASS ");
    const sentence = "The history /dev/full could not be written: ENOSPC. Make room there, or name another file.";
    expect({ exitCode, stderr }).toEqual({ exitCode: 64, stderr: sentence });
  });

  it("does not hide that the run itself did not succeed", async () => {
    const { exitCode, stderr } = await shell('"$@" >/dev/full', [...run, "--deadline", "0.000001"]);
    expect(stderr).toMatch(/^The output could not be written: ENOSPC\. [^\n]+$/);
    expect(exitCode).toBe(1);
  });

  it("is endured where it is the one for complaints", async () => {
    expect((await shell('"$@" 2>/dev/full', ["show", "nothing"])).exitCode).toBe(64);
  });
});

// Nobody reads: the pipe's other end is closed before the first byte.
it.each(commands.map((args) => [args]))("a reader that goes away ends %j quietly", async (args) => {
  const script = 'exec 3>&1; { sh -c \'"$@"; echo "exit $?" >&3\' - "$@"; } | exec true';
  const { stdout, stderr } = await shell(script, args);
  expect({ stdout, stderr }).toEqual({ stdout: "exit 0", stderr: "" });
});

async function shell(script: string, args: readonly string[]) {
  return await execa("sh", ["-c", script, "-", process.execPath, launcher, ...args], { cwd: place, reject: false });
}
