import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { DriverBed, until } from "./testing/driver-bed.ts";
import { processDriver } from "./process-driver.ts";

/**
 * Whether this user may make a session yield and hurry it again: asked of a new session, as a job's is, because what
 * was started in init's session belongs to no autogroup and refuses every niceness.
 */
function mayHurry(): boolean {
  const session = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  try {
    for (const value of ["-1", "0"]) writeFileSync(`/proc/${session.pid}/autogroup`, value);
    return readFileSync("/proc/sys/kernel/sched_autogroup_enabled", "latin1").startsWith("1");
  } catch {
    return false;
  } finally {
    session.kill("SIGKILL");
  }
}

const burn = "echo > ready; ulimit -t 60; while :; do :; done";
const niceOf = (pid: number): string => readFileSync(`/proc/${pid}/autogroup`, "latin1").trim().split(" ").at(-1) ?? "";

const hurried = mayHurry();

describe.skipIf(!hurried)(
  "a job that can be hurried (skipped where this user may not change a session's niceness)",
  () => {
    test("yields to the host while it runs, and again after a freeze", async () => {
      const bed = new DriverBed((options) => processDriver(options), { yields: true });
      try {
        const { sandbox, file } = await bed.start(burn);
        await until(() => existsSync(file("ready")), "the job runs");
        expect(niceOf(sandbox.pid)).toBe("19");
        expect(niceOf(process.pid)).not.toBe("19");
        bed.driver.freezeAll();
        expect(niceOf(sandbox.pid)).toBe("19");
      } finally {
        await bed.close();
      }
    });
  },
);

describe.skipIf(hurried)("a job that cannot be hurried (skipped where it can be)", () => {
  test("competes as any program does, so that it stops as soon", async () => {
    const bed = new DriverBed((options) => processDriver(options), { yields: true });
    try {
      const { sandbox, file } = await bed.start(burn);
      await until(() => existsSync(file("ready")), "the job runs");
      expect(["0", ""]).toContain(niceOf(sandbox.pid));
    } finally {
      await bed.close();
    }
  });
});
