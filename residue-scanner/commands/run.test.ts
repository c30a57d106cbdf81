import { execSync } from "node:child_process";
import { existsSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { ResidueReport } from "../../protocol/residue-report.ts";
import { unifiedRoot } from "../collectors/cgroups.ts";
import { runResidue } from "../testing/run-residue.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { RunCgroup } from "./run-cgroup.ts";

/** Bears no other test's name: the cgroups of the whole host are looked at, and other tests make theirs meanwhile. */
const name = `left-by-${process.pid}`;
const probe = RunCgroup.create(`unit-run-${process.pid}`);
const isWritable = probe !== null;
await probe?.remove();

/** Runs a command that makes two cgroups below the one it is in. */
async function leaveCgroups(flags: readonly string[]) {
  const script = `own=$(sed -n s/^0:://p /proc/self/cgroup); mkdir -p "${unifiedRoot()}$own/${name}/below"`;
  const parameters = ["run", "--json", "--root", temporaryDirectory(), ...flags, "--", "sh", "-c", script];
  const { stdout, stderr, exitCode } = await runResidue(parameters);
  const { findings } = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
  const left = findings.filter(({ surface, location }) => surface === "cgroups" && location.includes(`/${name}`));
  const own = join(left[0]?.location ?? `/nowhere/${name}`, "..");
  onTestFinished(() => {
    for (const path of [`${name}/below`, name, "."]) if (existsSync(join(own, path))) rmdirSync(join(own, path));
  });
  return { exitCode, stderr, own, left: left.map(({ change, location }) => [change, location.slice(own.length)]) };
}

const bothAppeared = [
  ["appeared", `/${name}`],
  ["appeared", `/${name}/below`],
];

describe.skipIf(!isWritable)("residue run, of a command that leaves cgroups (needs a writable cgroup v2)", () => {
  it("ends with 3, and names a command that does finish it", async () => {
    const { exitCode, stderr, own, left } = await leaveCgroups([]);
    expect(left).toEqual(bothAppeared);
    expect(exitCode).toBe(3);
    const [command] = /find \S+ -depth -type d -exec rmdir \{\} ';'/.exec(stderr) ?? ["false"];
    execSync(command);
    expect(existsSync(own)).toBe(false);
  });

  it("removes them when asked, if they are empty, after they were reported", async () => {
    const { exitCode, own, left } = await leaveCgroups(["--kill-leftovers"]);
    expect(left).toEqual(bothAppeared);
    expect(exitCode).toBe(1);
    expect(existsSync(own)).toBe(false);
  });
});
