import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { loadSnapshot } from "./scanner.ts";
import { runResidue } from "./testing/run-residue.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

describe("residue", () => {
  it.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["run"], "missing required argument 'command'"],
    [["run", "--policy", "lenient", "--", "true"], "developer, ci, strict"],
    [["diff", "one.snap"], "Give two snapshots, or one and --now."],
    [["diff", "one.snap", "two.snap", "--now"], "Give two snapshots, or one and --now."],
    [["diff", "/no/such.snap", "--now"], "Make one with `residue snapshot --output FILE`."],
    [["snapshot", "--root", "/no/such/place"], "Name directories that exist"],
  ])("%j ends with 64 and one sentence", async (parameters, sentence) => {
    const { exitCode, stdout, stderr } = await runResidue(parameters);
    expect(exitCode).toBe(64);
    expect(stdout).toBe("");
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("    at ");
  });

  it("without a command prints its help and ends with 64", async () => {
    const { exitCode, stderr } = await runResidue([]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("Usage: residue")]);
  });

  it("--help tells the exit codes, and run --help gives examples", async () => {
    expect((await runResidue(["--help"])).stdout).toContain("130  interrupted");
    const { exitCode, stdout } = await runResidue(["run", "--help"]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("residue run -- make install")]);
  });

  it("snapshot keeps what it read, and says what that was", async () => {
    const root = temporaryDirectory();
    const output = join(temporaryDirectory(), "host.snap");
    writeFileSync(join(root, "one"), "");
    const { exitCode, stdout } = await runResidue(["snapshot", "--root", root, "--output", output, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ entries: 1, output });
    expect((await loadSnapshot(output)).scope).toEqual([root]);
    expect((await runResidue(["snapshot", "--root", root])).stdout).toMatch(/files\s+1 facts in/);
  });
});
