import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import type { Finding, ResidueReport } from "../../protocol/residue-report.ts";
import { runResidue } from "../testing/run-residue.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";

const finding = (name: string): Finding => ({
  id: `files:/etc/${name}`,
  surface: "files",
  change: "changed",
  subject: `file /etc/${name} (4755 root, 1 bytes)`,
  location: `/etc/${name}`,
  owner: "root",
  before: { mode: "0755", size: 1 },
  after: { mode: "4755", size: 1 },
  changed: ["mode"],
  attribution: { to: "job", evidence: [{ kind: "recorder", detail: "process 9 of the job changed its attributes" }] },
  show: `stat /etc/${name}`,
  remove: `chmod 755 -- /etc/${name}`,
});
const report: ResidueReport = {
  ...{ version: 1, verdict: "residue", policy: "ci", summary: "2 things are left.", baselineAt: 0, afterAt: 1 },
  ...{ readings: 1, surfaces: [], findings: [finding("cron.d/x"), finding("cron.d/y")], excused: [] },
};

describe("residue explain", () => {
  let file: string;
  beforeEach(() => {
    file = join(temporaryDirectory(), "report.json");
    writeFileSync(file, JSON.stringify(report));
  });

  it("tells all of one finding, within 80 columns, by its id, its place or a part of the id", async () => {
    for (const name of ["files:/etc/cron.d/x", "/etc/cron.d/x", "d/x"]) {
      const { exitCode, stdout } = await runResidue(["explain", name, "--report", file]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(
        "WHOSE  job, owner root\nWHY    recorder: process 9 of the job changed its attributes\n",
      );
      expect(stdout).toContain(
        "REMOVE chmod 755 -- /etc/cron.d/x\n\nWhat was read of it:\n  mode  0755 -> 4755\n  size  1\n",
      );
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it("reads the report in a scenario's verdict, and writes JSON", async () => {
    writeFileSync(file, JSON.stringify({ run: "x", residue: report }));
    const { stdout, stderr, exitCode } = await runResidue(["explain", "d/y", "--report", file, "--json"]);
    expect(jsonOf({ stdout, stderr, exitCode })).toEqual(finding("cron.d/y"));
  });

  it.each([
    ["cron.d", "2 findings in", "Name one of: files:/etc/cron.d/x  files:/etc/cron.d/y"],
    ["nothing", "No finding in", "Name one of: files:/etc/cron.d/x"],
  ])("says which there are when %s is not one", async (name, what, next) => {
    const { exitCode, stderr } = await runResidue(["explain", name, "--report", file]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining(what)]);
    expect(stderr).toContain(next);
  });

  it("refuses what is no report", async () => {
    writeFileSync(file, "{}");
    const { exitCode, stderr } = await runResidue(["explain", "x", "--report", file]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("it holds no residue report")]);
  });
});
