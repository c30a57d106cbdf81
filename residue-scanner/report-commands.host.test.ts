import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { ResidueReport } from "../protocol/residue-report.ts";
import { unifiedRoot } from "./collectors/cgroups.ts";
import { RunCgroup } from "./commands/run-cgroup.ts";
import { runResidue } from "./testing/run-residue.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;
const probe = RunCgroup.create(`commands-${process.pid}`);
const canMake = isRoot && probe !== null && (await probe.remove()) === null;

it.skipIf(!canMake)(
  "the commands of a report do what they say and no more, whatever a job calls its things (needs root and cgroup v2)",
  async () => {
    const root = temporaryDirectory();
    const trap = "$(touch trapped)`touch trapped`;touch trapped #'\"";
    const group = join(unifiedRoot() ?? "", `houseguest-test-${process.pid}-${trap}`);
    onTestFinished(() => {
      if (existsSync(group)) rmdirSync(group);
    });
    const script = `mkdir "$1" && mkdir "$2" && : > "$2/in" && printf x > "$2
      ü" && mkfifo -- "-p $2"`;
    const command = ["sh", "-c", `cd ${root} && ${script}`, "sh", group, trap];
    const { stdout, stderr, exitCode } = await runResidue(["run", "--json", "--root", root, "--", ...command]);
    const { findings } = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
    const mine = findings.filter(({ location }) => location.startsWith(root) || location.includes(`-${process.pid}-`));
    expect(mine.map(({ surface }) => surface).sort()).toEqual(["cgroups", "files", "files", "files"]);
    const run = (shell: string) =>
      execFileSync("bash", ["-c", shell], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    for (const { show } of mine) expect(run(show)).not.toBe("");
    for (const { remove } of mine) run(remove ?? "false");
    expect([existsSync(group), readdirSync(root)]).toEqual([false, []]);
  },
);
