import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { type Ended, operatorEnvironment, program, run, serve, start, stop } from "../testing/served-broker.ts";

/** A program whose every write to stdout fails with ENOSPC. */
async function runOntoFullDisk(argv: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: ["ignore", full, "pipe"],
    env: { ...process.env, HOUSEGUEST_HISTORY: "", ...environment },
  });
  closeSync(full);
  onTestFinished(() => void child.kill("SIGKILL"));
  const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, "close")]);
  return { code: code as number | null, stdout: "", stderr };
}

/** A program whose reader has gone before it says anything. */
async function runIntoClosedPipe(argv: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = start(argv, environment);
  child.stdout!.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, "close")]);
  return { code: code as number | null, stdout: "", stderr };
}

describe("an outcome that cannot be written", () => {
  test("for want of room ends a command with 1 and two sentences, and what was asked for is done", async () => {
    const served = await serve(["--store", "memory"]);
    const environment = operatorEnvironment(served);
    for (const argv of [["--help"], ["submit", "--help"], ["jobs"], ["submit", "--json", "--", "true"]]) {
      const { code, stderr } = await runOntoFullDisk(argv, environment);
      expect(stderr).toMatch(/^What was asked for was done, but .* ENOSPC.*\n.*`broker-sim jobs`.*\n$/);
      expect(code).toBe(1);
    }
    const { jobs } = jsonOf(await run(["jobs", "--json"], environment));
    expect(jobs).toHaveLength(1);
    await stop(served, "SIGTERM");
  });

  test("for want of a reader is no failure, and nothing is said of it", async () => {
    const served = await serve(["--store", "memory"]);
    const environment = operatorEnvironment(served);
    for (const argv of [["--help"], ["agents"], ["submit", "--count", "2", "--", "true"]]) {
      expect(await runIntoClosedPipe(argv, environment)).toMatchObject({ code: 0, stderr: "" });
    }
    const { jobs } = jsonOf(await run(["jobs", "--json"], environment));
    expect(jobs).toHaveLength(2);
    await stop(served, "SIGTERM");
  });

  test("ends a broker that nobody could find then, with 1", async () => {
    const { code, stderr } = await runOntoFullDisk(["serve", "--json", "--port", "0", "--store", "memory"]);
    expect(stderr).toMatch(/The broker has ended again, .* ENOSPC.*\nMake room/);
    expect(stderr).not.toContain("    at ");
    expect(code).toBe(1);
  });
});
