import { existsSync, readFileSync } from "node:fs";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type ContractSubject, DriverBed, isRunning, until } from "./testing/driver-bed.ts";
import { burnHere, soon } from "./testing/endless-job.ts";

/** How a job is told something, and what it must survive. */
export function driverSignalContract({ name, makeDriver }: ContractSubject): void {
  let bed: DriverBed;
  beforeEach(() => {
    bed = new DriverBed(makeDriver);
  });
  afterEach(async () => {
    await bed.close();
  });

  const heard = "trap 'echo heard >> heard' USR1; trap 'echo other >> heard' USR2";

  describe(`${name}: a signal`, () => {
    test("reaches the job's first process, and nobody else", async () => {
      const { sandbox, file, pids } = await bed.start(
        `${heard}; (trap 'echo child >> heard' USR1; echo $$ > child; ${burnHere}) & echo $$ > pid; ${burnHere}`,
      );
      await pids("pid", 1);
      await until(() => existsSync(file("child")), "the child listens too");
      expect(sandbox.signal("SIGUSR1")).toBe(true);
      await until(() => existsSync(file("heard")), "it is heard");
      expect(sandbox.signal("SIGUSR2")).toBe(true);
      await until(() => readFileSync(file("heard"), "utf8").split("\n").length > 2, "the other one is heard");
      expect(readFileSync(file("heard"), "utf8")).toBe("heard\nother\n");
    });

    test("is not sent to a job that would end of it", async () => {
      const { sandbox, pids } = await bed.start(`trap '' HUP; trap : USR2; echo $$ > pid; ${burnHere}`);
      await pids("pid", 1);
      expect([sandbox.signal("SIGUSR1"), sandbox.signal("SIGHUP")]).toEqual([false, false]);
      expect(sandbox.signal("SIGUSR2")).toBe(true);
      expect(isRunning(sandbox.pid)).toBe(true);
    });

    test("is not sent once the first process has ended, whoever else is left", async () => {
      const { sandbox, pids } = await bed.start(`${heard}; (echo $$ > pid; exec sleep 60) & wait $!; echo $$ > pid`);
      await pids("pid", 1);
      process.kill(sandbox.pid, "SIGKILL");
      await sandbox.exited;
      expect(sandbox.signal("SIGUSR1")).toBe(false);
      await sandbox.terminate(soon);
      expect(sandbox.signal("SIGUSR1")).toBe(false);
    });
  });
}
