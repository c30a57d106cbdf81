import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { canRun } from "./testing/planted.ts";
import { ResidueReport } from "../protocol/residue-report.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { canTrace } from "./testing/traced-residue.ts";
import { lackForCalls } from "./testing/watched-calls.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
const unshare = ["--mount", "--propagation", "private"];
const canUnmount = spawnSync("unshare", [...unshare, "umount", "-lR", "/proc"], { stdio: "ignore" }).status === 0;
const hasUnified =
  existsSync("/sys/fs/cgroup") &&
  existsSync("/proc/filesystems") &&
  /\tcgroup2$/m.test(readFileSync("/proc/filesystems", "utf8"));

const lackOfCalls = await lackForCalls();
const unified = /^cgroup2 (\S+) /m.exec(existsSync("/proc/mounts") ? readFileSync("/proc/mounts", "utf8") : "")?.[1];

/** Runs `residue` in a mount namespace of its own, where a shell has done something before. */
function after(script: string, ...command: string[]) {
  return spawnSync("unshare", [...unshare, "sh", "-c", `${script}; exec "$@"`, "sh", ...command], { encoding: "utf8" });
}

/** Runs `residue` where the kernel answers so who asks for tracefs. */
function withoutTracefs(answer: string, ...parameters: string[]) {
  // Stopped at this call only: a look at the whole host makes millions of others.
  const inject = [
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "trace=fsopen",
    "-e",
    `inject=fsopen:error=${answer}`,
  ];
  const command = ["strace", ...inject, process.execPath, launcher, ...parameters];
  return after("umount -lR /sys/kernel/tracing 2>/dev/null", ...command);
}

/** Runs `residue` in a mount namespace of its own that lacks what is mounted there. */
function without(point: string, ...parameters: string[]) {
  const script = 'umount -lR "$1"; shift; exec "$@"';
  return spawnSync(
    "unshare",
    [...unshare, "sh", "-c", script, "sh", point, process.execPath, launcher, ...parameters],
    {
      encoding: "utf8",
    },
  );
}

describe.skipIf(!canUnmount)("residue on a host that lacks something (needs root)", () => {
  it.skipIf(!hasUnified)("without cgroup v2 says that it does not see control groups", () => {
    const { stdout, stderr, status } = without("/sys/fs/cgroup", "snapshot", "--json", "--root", temporaryDirectory());
    const { surfaces } = jsonOf({ stdout, stderr, status }) as {
      surfaces: { surface: string; status: string; detail: string }[];
    };
    expect(surfaces.find(({ surface }) => surface === "cgroups")).toMatchObject({
      status: "partial",
      detail: "cgroup v2 is mounted nowhere that this process sees",
    });
  });

  it.skipIf(!canRun("setpriv"))(
    "is partial where /proc hides others' processes, and never lost (needs setpriv)",
    (context) => {
      // Others who ran before, and go on starting programs all the time.
      const others = spawn("sh", ["-c", "ulimit -t 60; while true; do (true); done"], { stdio: "ignore" });
      onTestFinished(() => void others.kill("SIGKILL"));
      const script =
        'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"';
      const other = { uid: 65534, gid: 65534 };
      const mayRead = spawnSync(process.execPath, [launcher, "--version"], other).status === 0;
      if (!mayRead) context.skip("this checkout cannot be read by other users");
      const { stdout, stderr, status } = spawnSync(
        "unshare",
        [...unshare, "sh", "-c", script, "sh", process.execPath, launcher, "doctor", "--json"],
        { encoding: "utf8" },
      );
      expect(stdout, stderr).toContain("recorder");
      const { recorder } = jsonOf({ stdout, stderr, status }) as {
        recorder: { source: string; status: string; detail: string }[];
      };
      const source = recorder.find((each) => each.source === "processes");
      if (source?.status === "not-permitted") context.skip("this kernel tells root alone of processes");
      expect(source).toMatchObject({
        status: "partial",
        detail: "/proc hides the processes of other users that ran before",
      });
    },
  );

  it("without /proc runs the command, and calls nothing clean", () => {
    const parameters = ["run", "--policy", "ci", "--root", temporaryDirectory(), "--", "echo", "ran"];
    const { status, stdout, stderr } = without("/proc", ...parameters);
    expect(stdout).toBe("ran\n");
    // Somebody else's doing on another surface is a finding here, where nothing tells whose it is.
    expect([1, 2]).toContain(status);
    expect(stderr).toContain("processes: failed");
  });

  it.skipIf(unified === undefined)("may be clean where it may make no control group, and doctor says so", () => {
    const script = `mount --bind ${unified} ${unified} && mount -o remount,bind,ro ${unified}`;
    const { stdout, status, stderr } = after(script, process.execPath, launcher, "doctor", "--json");
    const { cgroup, collectors, recorder, best } = jsonOf({ stdout, stderr, status }) as {
      cgroup: { status: string };
      best: string;
      collectors: { status: string }[];
      recorder: { status: string }[];
    };
    expect(cgroup.status).toBe("not-permitted");
    const isWhole = [...collectors, ...recorder].every((seen) => seen.status === "done");
    expect([best === "clean", status]).toEqual(isWhole ? [true, 0] : [false, 2]);
  });

  // A kernel without it; one that refuses it to somebody who may see all else.
  it.skipIf(!canTrace || lackOfCalls !== null).each(["ENODEV", "EPERM"])(
    "without tracefs (%s) has lost evidence: what finds nothing is unknown (needs strace)",
    (answer) => {
      const parameters = ["run", "--policy", "developer", "--json", "--root", temporaryDirectory(), "--", "true"];
      const run = withoutTracefs(answer, ...parameters);
      const { recorder = [], findings, verdict } = ResidueReport.parse(jsonOf(run));
      expect(recorder.find(({ source }) => source === "calls")).toMatchObject({
        status: "lost",
        detail: expect.stringContaining("tracefs") as string,
      });
      // Somebody else's doing may be a finding where nothing tells whose it is.
      expect([verdict, run.status]).toEqual(findings.length === 0 ? ["unknown", 2] : ["residue", 1]);
    },
  );

  it("without room for its report says so, ends with 2, and leaves no part of one", () => {
    const place = temporaryDirectory();
    const script = `mount -t tmpfs -o size=4k none ${place}; "$@"; echo "code $?"; ls -A ${place}; exit`;
    const parameters = ["run", "--no-recorder", "--root", place, "--report", `${place}/report.json`, "--", "true"];
    const { stdout, stderr } = after(script, process.execPath, launcher, ...parameters);
    expect(stderr).toContain(`The report could not be written to ${place}/report.json: ENOSPC`);
    // Somebody else's doing may be a finding where nothing tells whose it is.
    expect(stdout).toMatch(/^code [12]\n$/);
  });
});
