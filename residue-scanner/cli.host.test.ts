import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { ResidueReport } from "../protocol/residue-report.ts";
import { unifiedRoot } from "./collectors/cgroups.ts";
import { RunCgroup } from "./commands/run-cgroup.ts";
import { inShell, runResidue } from "./testing/run-residue.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;
const nobody = 65_534;
const hasCgroup = await canMakeCgroup();

async function canMakeCgroup(): Promise<boolean> {
  const probe = RunCgroup.create(`probe-${process.pid}`);
  return probe !== null && (await probe.remove()) === null;
}

/** The report and how the run ended. */
async function watch(root: string, command: readonly string[], flags: readonly string[] = []) {
  const run = await runResidue(["run", "--json", "--root", root, ...flags, "--", ...command]);
  const start = run.stdout.indexOf("{\n");
  return { ...run, report: ResidueReport.parse(JSON.parse(run.stdout.slice(start))) };
}

describe("residue run", () => {
  it("passes a command that leaves nothing, and says that it looked at one directory only", async () => {
    const root = temporaryDirectory();
    const { exitCode, report } = await watch(root, ["true"]);
    expect([exitCode, report.verdict, report.findings]).toEqual([0, "partial", []]);
    expect(report.summary).toContain("files");
    expect((await watch(root, ["true"], ["--policy", "strict", "--no-dwell"])).exitCode).toBe(2);
  });

  it("passes the command's own streams and its exit code through", async () => {
    const { exitCode, stdout, stderr } = await watch(temporaryDirectory(), [
      "sh",
      "-c",
      "echo out; echo err >&2; exit 7",
    ]);
    expect(exitCode).toBe(7);
    expect(stdout).toMatch(/^out\n/);
    expect(stderr).toContain("err");
    expect(stderr).toContain("exit code 7. This exit code is 7: the command's own.");
  });

  it("fails for a file that the command left, whatever its own exit code", async () => {
    const root = temporaryDirectory();
    const { exitCode, report, stderr } = await watch(root, ["sh", "-c", `echo x > ${root}/left; exit 7`]);
    expect(exitCode).toBe(1);
    expect(report.findings.map(({ location }) => location)).toEqual([join(root, "left")]);
    expect(stderr).toContain("This exit code is 1: the residue verdict's");
  });

  it("tells people what, where, whose and why", async () => {
    const root = temporaryDirectory();
    const { exitCode, stderr, stdout } = await runResidue(["run", "--root", root, "--", "touch", join(root, "left")]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    for (const word of [
      "WHAT   appeared: file",
      `WHERE  ${root}/left`,
      // An ordinary user is told no file events.
      ...(isRoot
        ? ["WHOSE  job, owner root", "WHY    recorder: process", "       time: created"]
        : ["WHOSE  unexplained", "WHY    time: created"]),
      `SHOW   stat ${root}/left`,
      `REMOVE rm -- ${root}/left`,
      "RESIDUE: 1 thing is left",
    ]) {
      expect(stderr).toContain(word);
    }
  });

  it("finds a daemon that forked twice and cleared its environment, kills it when asked, and removes its own cgroup", async () => {
    const root = temporaryDirectory();
    const script = "(setsid env -i sleep 600 >/dev/null 2>&1 &) ; sleep 0.1";
    const { exitCode, report, stderr, pid } = await watch(root, ["sh", "-c", script], ["--kill-leftovers"]);
    const daemon = report.findings.find(({ subject }) => subject.includes("sleep 600"));
    const expected = hasCgroup ? { to: "job", killed: 1 } : { to: "unknown", killed: 0 };
    if (!hasCgroup) process.kill(Number(daemon?.after?.["pid"]), "SIGKILL");
    expect(exitCode).toBe(1);
    expect(daemon).toMatchObject({ surface: "processes", change: "appeared", attribution: { to: expected.to } });
    expect(stderr).toContain(`Killed ${expected.killed} leftover processes.`);
    const left = readdirSync(unifiedRoot() ?? "/").filter((name) => name.startsWith("houseguest-residue-"));
    expect(left.filter((name) => name.split("-").includes(String(pid)))).toEqual([]);
  });

  it("hands a signal to the command, and looks at what it left all the same", async () => {
    const root = temporaryDirectory();
    const script = 'process.on("SIGTERM", () => process.exit(9)); console.log("up"); setInterval(() => {}, 1e6)';
    const launcher = join(import.meta.dirname, "../bin/residue.mjs");
    const parameters = [launcher, "run", "--root", root, "--", process.execPath, "-e", script];
    const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "ignore"] });
    const exit = once(child, "exit");
    for await (const line of createInterface(child.stdout)) if (line === "up") child.kill("SIGTERM");
    expect(await exit).toEqual([9, null]);
  });

  it.each([
    ["run --json --root DIRECTORY -- true >/dev/full", 2, "The output could not be written: ENOSPC"],
    ["run --report /dev/full --root DIRECTORY -- true", 2, "The report could not be written to /dev/full: ENOSPC"],
    ["run --json --root DIRECTORY -- true | true", 0, ""],
  ])("whose outcome is lost did not pass, unless nobody reads it: %s", async (words, expected, sentence) => {
    const { exitCode, stderr } = await inShell(words.replace("DIRECTORY", temporaryDirectory()));
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("    at ");
    expect(exitCode).toBe(expected);
  });

  it("ends with 64 for a command that cannot be started", async () => {
    const { exitCode, stderr } = await runResidue(["run", "--root", temporaryDirectory(), "--", "/no/such/program"]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("there is no such program")]);
  });

  it.skipIf(!isRoot)(
    "by an ordinary user is partial, names what that user cannot see, and passes (only root can try)",
    async (context) => {
      const root = temporaryDirectory();
      chmodSync(root, 0o777);
      mkdirSync(join(root, "closed"), { mode: 0o700 });
      const parameters = ["run", "--json", "--root", root, "--", "true"];
      const mayRead = await runResidue(["--help"], { uid: nobody }).then(
        ({ exitCode }) => exitCode === 0,
        () => false,
      );
      if (!mayRead) context.skip("this checkout cannot be read by other users");
      const { exitCode, stdout, stderr } = await runResidue(parameters, { uid: nobody });
      const { verdict, policy, surfaces } = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
      expect([exitCode, verdict, policy]).toEqual([0, "partial", "developer"]);
      const details = new Map(surfaces.map(({ surface, detail }) => [surface, detail]));
      expect(details.get("files")).toContain(join(root, "closed"));
      expect(details.get("processes")).toMatch(/\d+ processes of other users do not show/);
      expect(details.get("sockets")).toMatch(/\d+ processes of other users do not show/);
      const strict = await runResidue(["run", "--policy", "ci", "--root", root, "--", "true"], { uid: nobody });
      expect(strict.exitCode).toBe(2);
    },
  );
});

describe("residue diff by an ordinary user", () => {
  it.skipIf(!isRoot)(
    "excuses what root puts into a sticky directory meanwhile, and not what this user does (only root can try)",
    async (context) => {
      const [root, place] = [temporaryDirectory(), temporaryDirectory()];
      chmodSync(root, 0o1777);
      chmodSync(place, 0o777);
      writeFileSync(join(root, "goes"), "");
      const before = join(place, "before");
      const mayRead = await runResidue(["snapshot", "--root", root, "--output", before], { uid: nobody }).then(
        ({ exitCode }) => exitCode === 0,
        () => false,
      );
      if (!mayRead) context.skip("this checkout cannot be read by other users");
      mkdirSync(join(root, "of-root"), { mode: 0o700 });
      rmSync(join(root, "goes"));
      const filesLeft = async () => {
        const { stdout, stderr, exitCode } = await runResidue(["diff", before, "--now", "--json"], { uid: nobody });
        const { findings, excused } = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode }));
        const examples = excused.find(({ rule }) => rule === "others-entry")?.examples ?? [];
        return [findings.filter(({ surface }) => surface === "files").map(({ location }) => location), examples];
      };
      const others = [join(root, "goes"), join(root, "of-root")];
      expect(await filesLeft()).toEqual([[], others]);
      writeFileSync(join(root, "of-user"), "");
      chownSync(join(root, "of-user"), nobody, nobody);
      expect(await filesLeft()).toEqual([[join(root, "of-user")], others]);
    },
  );
});

describe("residue diff", () => {
  it("compares a kept snapshot with the host as it is now, and two kept ones", async () => {
    const root = temporaryDirectory();
    const place = temporaryDirectory();
    const [before, after] = [join(place, "before"), join(place, "after")];
    await runResidue(["snapshot", "--root", root, "--output", before]);
    writeFileSync(join(root, "left"), "x");
    const now = await runResidue(["diff", before, "--now", "--json"]);
    await runResidue(["snapshot", "--root", root, "--output", after]);
    const kept = await runResidue(["diff", before, after, "--json"]);
    for (const { exitCode, stdout, stderr } of [now, kept]) {
      expect(exitCode).toBe(1);
      const files = ResidueReport.parse(jsonOf({ stdout, stderr, exitCode })).findings.filter(
        ({ surface }) => surface === "files",
      );
      expect(files.map(({ location }) => location)).toEqual([join(root, "left")]);
    }
    expect(existsSync(before) && readFileSync(before).length > 0).toBe(true);
  });

  it.skipIf(process.platform !== "linux")(
    "takes neither its own launcher nor who reads its output for left, but who only writes to that (Linux only)",
    async () => {
      const [root, place] = [temporaryDirectory(), temporaryDirectory()];
      const before = join(place, "before");
      await runResidue(["snapshot", "--root", root, "--output", before]);
      const program = join(import.meta.dirname, "testing/launched-twice.ts");
      // A process in the background has the report's pipe open as the readers have, from the other side.
      const script =
        '{ sleep 600 & echo $! >"$3"; "$0" "$1" diff "$2" --now --json; kill $!; } | cat | tee "$4" | wc -c';
      const files = [before, join(place, "pid"), join(place, "report")];
      const shell = spawn("sh", ["-c", script, process.execPath, program, ...files], { stdio: "ignore" });
      await once(shell, "exit");
      const { findings, excused } = ResidueReport.parse(JSON.parse(readFileSync(join(place, "report"), "utf8")));
      const rules = new Map(excused.map(({ rule, count }) => [rule, count]));
      expect(rules.get("reads-the-report")).toBe(3);
      expect(rules.get("harness-process")).toBe(2);
      const writer = `pid ${readFileSync(join(place, "pid"), "utf8").trim()},`;
      expect(findings.filter(({ location }) => location.startsWith(writer))).toHaveLength(1);
      const names = findings.map(({ owner, subject }) => `${subject} ${owner}`);
      expect(names.filter((name) => /: (cat|tee|wc)\b/.test(name))).toEqual([]);
    },
  );
});
