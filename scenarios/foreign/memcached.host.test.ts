import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { parseHistoryLine } from "../../protocol/history.ts";
import { RunVerdict } from "../../protocol/verdict.ts";
import { runProgram } from "../testing/run-program.ts";

const examples = resolve(import.meta.dirname, "../examples");
const archives = "/var/cache/apt/archives/memcached_*.deb";

/** Why Debian's memcached cannot be installed and purged here; null where it can. */
function whyNot(): string | null {
  if (process.getuid?.() !== 0) return "only root can install packages";
  if (process.env["HOUSEGUEST_PACKAGES"] !== "1") {
    return "it installs and purges a package of this machine's; HOUSEGUEST_PACKAGES=1 allows that";
  }
  if (spawnSync("apt-get", ["--version"]).status !== 0) return "this machine has no apt";
  if (existsSync("/usr/bin/memcached")) return "memcached is installed, and may be somebody's";
  const simulated = spawnSync("apt-get", ["install", "-s", "memcached"], { encoding: "utf8" });
  return simulated.status === 0 ? null : "apt knows no package memcached";
}

const reason = whyNot();

test.skipIf(reason !== null)(
  `Debian's memcached is put through a scenario, and what its package leaves is found and named${reason === null ? "" : `: ${reason}`}`,
  async (context) => {
    const runs = mkdtempSync(join(tmpdir(), "memcached-"));
    const before = new Set(globSync(archives));
    onTestFinished(() => {
      rmSync(runs, { recursive: true, force: true });
      // What the package is shown to leave is not left by the test.
      if (existsSync("/usr/bin/memcached")) execFileSync("apt-get", ["purge", "-y", "memcached"], { stdio: "ignore" });
      rmSync("/run/memcached", { recursive: true, force: true });
      for (const path of globSync(archives)) if (!before.has(path)) rmSync(path);
    });
    const files = [join(examples, "guest-life.ts"), "--agent", join(examples, "memcached.ts")];
    const { stdout, stderr, exitCode } = await runProgram("scenarios", ["run", ...files, "--json", "--output", runs]);
    const verdict = RunVerdict.parse((jsonOf({ stdout, stderr, exitCode }) as { verdict: unknown }).verdict);
    if (verdict.error?.startsWith("memcached could not join") === true) context.skip(verdict.error);
    expect(verdict.error).toBeNull();

    // As a guest it behaves.
    const judged = verdict.expectations.map(({ id, result }) => `${id} ${result}`);
    expect(judged).toEqual(["pause-silence pass", "withdrawal-bound pass"]);
    // What only our agent has is neither passed nor failed.
    expect(verdict.notApplicable?.map(({ id }) => id)).toEqual(["withdraw-complete"]);
    const history = readFileSync(join(runs, verdict.run, "history.jsonl"), "utf8")
      .trim()
      .split("\n");
    const lacking = history
      .map(parseHistoryLine)
      .flatMap((one) => ("record" in one && one.record.type === "step.end" ? [one.record.data] : []))
      .filter(({ outcome }) => outcome !== "done");
    expect(lacking).toMatchObject([{ step: "start-broker", outcome: "not-applicable" }]);

    // It does not leave the house as it was found.
    const left = verdict.residue?.findings.find(({ location }) => location === "/run/memcached");
    expect(left).toMatchObject({ change: "appeared", attribution: { to: "agent" } });
    expect({ exitCode: verdict.exitCode, residue: verdict.residue?.verdict }).toEqual({
      exitCode: 1,
      residue: "residue",
    });
    expect(verdict.cleanUp).toEqual({ result: "pass", notUndone: [] });
  },
);
