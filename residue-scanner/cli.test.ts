import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { ResidueReport } from "../protocol/residue-report.ts";
import { surfaces } from "./core/fact.ts";
import { loadSnapshot } from "./scanner.ts";
import { inShell, runResidue } from "./testing/run-residue.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

describe("residue", () => {
  it.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["run"], "missing required argument 'command'"],
    [["run", "--policy", "lenient", "--", "true"], "developer, ci, strict"],
    [["diff", "one.snap"], "Give two snapshots, or one and --now."],
    [["diff", "one.snap", "two.snap", "--now"], "Give two snapshots, or one and --now."],
    [["diff", "/no/such.snap", "--now"], "Make one with `residue snapshot --output FILE`."],
    [["diff", "/no/such.snap", "--now"], "open '/no/such.snap'. Make one"],
    [["run", "--report", "/tmp/x/../y", "--sarif", "/tmp/y", "--", "true"], "Give --report and --sarif a file each."],
    [["snapshot", "--root", "/no/such/place"], "Name directories that exist"],
    [["snapshot", "--root", "/etc/passwd"], "Cannot read /etc/passwd: it is no directory. Name directories"],
    [["run", "--root", "/etc/passwd", "--", "true"], "Cannot read /etc/passwd: it is no directory. Name directories"],
    [["run", "--root", "", "--", "true"], "Cannot read a directory without a name"],
    [["run", "--root", "/", "true"], "Put the command after --, as in:"],
  ])("%j ends with 64 and one sentence", async (parameters, sentence) => {
    const { exitCode, stdout, stderr } = await runResidue(parameters);
    expect(exitCode).toBe(64);
    expect(stdout).toBe("");
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("    at ");
  });

  it("tries where the report goes before it runs the command", async () => {
    const ran = join(temporaryDirectory(), "ran");
    const { exitCode, stderr } = await runResidue(["run", "--report", "/no/such/place/x", "--", "touch", ran]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("The report file /no/such/place/x cannot be")]);
    expect(existsSync(ran)).toBe(false);
  });

  it("says of a command without a name that it has none", async () => {
    const { exitCode, stderr } = await runResidue(["run", "--no-recorder", "--root", temporaryDirectory(), "--", ""]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('Cannot start "": its name is empty')]);
  });

  it("leaves no empty report of a command that could not be started, and keeps an earlier one", async () => {
    const place = temporaryDirectory();
    const [fresh, earlier] = [join(place, "new"), join(place, "earlier")];
    writeFileSync(earlier, "{}");
    for (const report of [fresh, earlier]) {
      const run = await runResidue(["run", "--root", place, "--report", report, "--", "/no/such/program"]);
      expect(run.exitCode).toBe(64);
    }
    expect([existsSync(fresh), readFileSync(earlier, "utf8")]).toEqual([false, "{}"]);
  });

  it("writes the report to a file that it does not count as left, and to a pipe", async () => {
    const root = temporaryDirectory();
    const report = join(root, "report.json");
    await runResidue(["run", "--root", root, "--report", report, "--", "true"]);
    const { findings } = ResidueReport.parse(JSON.parse(readFileSync(report, "utf8")));
    expect(findings.filter(({ surface }) => surface === "files")).toEqual([]);
    const { stdout, stderr, exitCode } = await inShell(`run --root ${root} --report /dev/stdout -- true | cat`);
    expect(ResidueReport.parse(jsonOf({ stdout, stderr, exitCode })).surfaces).toHaveLength(surfaces.length);
  });

  it("says of a run without a recorder that it is weaker, and does not call it clean", async () => {
    const { exitCode, stdout, stderr } = await runResidue([
      ...["run", "--no-recorder", "--json", "--root", temporaryDirectory()],
      "--",
      "true",
    ]);
    const { recorder = [], verdict } = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
    expect(recorder.map(({ status, detail }) => [status, detail.startsWith("weaker")])).toEqual(
      recorder.map(() => ["off", true]),
    );
    expect(recorder).toHaveLength(3);
    expect(["partial", "residue"]).toContain(verdict);
    expect(exitCode).toBe(verdict === "partial" ? 0 : 1);
  });

  it("reads the host again after a dwell, and says where there was none", async () => {
    const root = temporaryDirectory();
    const dwellOf = async (...flags: string[]) => {
      const { stdout, stderr, exitCode } = await runResidue([
        "run",
        "--no-recorder",
        "--json",
        "--root",
        root,
        ...flags,
        "--",
        "true",
      ]);
      return ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
    };
    const [dwelt, not] = [await dwellOf("--dwell", "0.2"), await dwellOf("--policy", "strict", "--no-dwell")];
    expect(dwelt.dwell?.waitedMs).toBeGreaterThanOrEqual(199);
    expect(dwelt.readings).toBeGreaterThan(1);
    expect(not.dwell).toEqual({ waitedMs: 0, detail: expect.stringContaining("weaker") as string });
    const { exitCode, stderr } = await runResidue(["run", "--dwell", "soon", "--", "true"]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('"soon" is no number of seconds')]);
  });

  it.each([
    ["snapshot", "--output", "/dev/full"],
    ["snapshot", "--output", "/no/such/place/x"],
  ])("%s %s %s ends with 64 and one sentence", async (...parameters) => {
    const { exitCode, stderr } = await runResidue([...parameters, "--root", temporaryDirectory()]);
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(/^The snapshot .* cannot be written: .*\n$/)]);
  });

  it.each([
    ["--help >/dev/full", 2, "The output could not be written: ENOSPC"],
    ["--help | head -1", 0, ""],
  ])("%s ends with %d", async (words, expected, sentence) => {
    const { exitCode, stderr } = await inShell(words);
    expect([exitCode, stderr]).toEqual([expected, expect.stringContaining(sentence)]);
    expect(stderr).not.toContain("    at ");
  });

  it("without a command prints its help and ends with 64", async () => {
    const { exitCode, stderr } = await runResidue([]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("Usage: residue")]);
  });

  it("tells its version, which is the package's", async () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as object;
    const { exitCode, stdout } = await runResidue(["--version"]);
    expect([exitCode, { version: stdout.trim() }]).toMatchObject([0, { version: /\d/ }]);
    expect(manifest).toMatchObject({ version: stdout.trim() });
  });

  it("leaves to the command what stands after it", async () => {
    const root = temporaryDirectory();
    const { stdout } = await runResidue(["run", "--no-recorder", "--root", root, "--", "echo", "--json"]);
    // Its own --root keeps it from reading the whole host.
    const bareCommand = ["echo", "--json", "--root", "/nowhere"];
    const { stdout: bare } = await runResidue(["run", "--root", root, "--no-recorder", ...bareCommand]);
    expect([stdout, bare]).toEqual(["--json\n", "--json --root /nowhere\n"]);
  });

  it("explains below each help all that its options say is below", async () => {
    for (const command of ["run", "diff"]) {
      const { stdout } = await runResidue([command, "--help"]);
      const [, below = ""] = stdout.split("-h, --help");
      expect(stdout).toContain("(see below)");
      expect(below).toContain('"expires": "2026-12-31"');
      // One blank line between its parts.
      expect(stdout).not.toContain("\n\n\n");
    }
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
    const { exitCode, stdout, stderr } = await runResidue(["snapshot", "--root", root, "--output", output, "--json"]);
    expect(exitCode).toBe(0);
    expect(jsonOf({ stdout, stderr, exitCode })).toMatchObject({ entries: 1, output });
    expect((await loadSnapshot(output)).scope).toEqual([root]);
    const told = (await runResidue(["snapshot", "--root", root])).stdout.split("\n");
    expect(told[0]).toMatch(/^files\s+1 facts in/);
    const rows = told.filter((line) => / facts in /.test(line));
    expect(rows).toHaveLength(surfaces.length);
    // In columns, and folded: a pipe is 80 wide.
    expect(new Set(rows.map((row) => row.indexOf(" facts in ")))).toHaveLength(1);
    expect(told.filter((line) => line.length > 80 && !line.trim().startsWith("/"))).toEqual([]);
  });
});
