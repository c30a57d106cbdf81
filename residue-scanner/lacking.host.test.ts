import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { canRun } from "./testing/planted.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
const unshare = ["--mount", "--propagation", "private"];
const canUnmount = spawnSync("unshare", [...unshare, "umount", "-lR", "/proc"], { stdio: "ignore" }).status === 0;
const hasUnified =
  existsSync("/sys/fs/cgroup") &&
  existsSync("/proc/filesystems") &&
  /\tcgroup2$/m.test(readFileSync("/proc/filesystems", "utf8"));

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
    const { stdout } = without("/sys/fs/cgroup", "snapshot", "--json", "--root", temporaryDirectory());
    const { surfaces } = JSON.parse(stdout) as { surfaces: { surface: string; status: string; detail: string }[] };
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
      const { stdout, stderr } = spawnSync(
        "unshare",
        [...unshare, "sh", "-c", script, "sh", process.execPath, launcher, "doctor", "--json"],
        { encoding: "utf8" },
      );
      expect(stdout, stderr).toContain("recorder");
      const { recorder } = JSON.parse(stdout) as { recorder: { source: string; status: string; detail: string }[] };
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
});
