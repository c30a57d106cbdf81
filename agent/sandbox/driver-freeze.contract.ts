import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { isStopped, readProcess } from "./proc-stat.ts";
import { type ContractSubject, cpuTicks, DriverBed, isRunning, killIfAlive, until } from "./testing/driver-bed.ts";
import { atGate, burnHere, fleeing, hasFled, idleHere, openGate, soon, timePasses } from "./testing/endless-job.ts";

/** What a freeze and a thaw are. */
export function driverFreezeContract({ name, makeDriver }: ContractSubject): void {
  let bed: DriverBed;
  beforeEach(() => {
    bed = new DriverBed(makeDriver);
  });
  afterEach(async () => {
    await bed.close();
  });

  describe(`${name}: a freeze`, () => {
    test("stops a whole tree, daemons and threads included, and a thaw lets the same processes go on", async () => {
      const threads = `new (require("node:worker_threads").Worker)("for(;;);", { eval: true });
        require("node:fs").appendFileSync("pids", process.pid + "\\n"); setTimeout(() => process.exit(), 60000)`;
      const { sandbox, pids: written } = await bed.start(
        `
        (setsid sh -c 'echo $$ >> pids; ${burnHere}' &)
        sh -c 'echo $$ >> pids; ${burnHere}' &
        "$NODE" -e '${threads}' &
        echo $$ >> pids; ${burnHere}`,
        { NODE: process.execPath },
      );
      const pids = await written("pids", 4);
      const before = identitiesOf(pids);
      const { processes, freezeMs } = await bed.freeze();
      const ticks = pids.map(cpuTicks);
      expect(processes).toBeGreaterThanOrEqual(4);
      expect(notStopped(sandbox.cgroup, pids)).toEqual([]);
      await timePasses();
      expect(pids.map(cpuTicks)).toEqual(ticks);
      console.info(`${name}: froze ${processes} processes in ${freezeMs.toFixed(2)} ms`);
      bed.driver.thawAll();
      await until(() => pids.every((pid, index) => cpuTicks(pid) > (ticks[index] as number)), "all go on");
      expect(identitiesOf(pids)).toEqual(before);
    });

    test("stops what has left its environment, session and parent between two looks, and it ends with its job (case 51)", async () => {
      const started = await bed.start(`${atGate}; ${fleeing("pid")}; ${burnHere}`);
      const { sandbox, pids } = started;
      openGate(started);
      const [pid] = (await pids("pid", 1)) as [number];
      onTestFinished(() => killIfAlive(pid));
      await hasFled(pid);
      await bed.freeze();
      const ticks = cpuTicks(pid);
      expect(notStopped(sandbox.cgroup, [pid])).toEqual([]);
      await timePasses();
      expect(cpuTicks(pid)).toBe(ticks);
      bed.driver.thawAll();
      await until(() => cpuTicks(pid) > ticks, "it goes on");
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 2, left: [] });
      expect(isRunning(pid)).toBe(false);
    });

    test("holds through many cycles, and loses no work (case 22)", async () => {
      const { sandbox, file } = await bed.start("ulimit -t 60; i=0; while :; do i=$((i+1)); echo $i > n; done");
      await until(() => existsSync(file("n")), "the job works");
      const figures: number[] = [];
      for (let cycle = 0; cycle < 50; cycle += 1) {
        const { freezeMs } = await bed.freeze();
        figures.push(freezeMs);
        const at = readFileSync(file("n"), "utf8");
        await new Promise(setImmediate);
        expect(readFileSync(file("n"), "utf8")).toBe(at);
        bed.driver.thawAll();
        await until(() => readFileSync(file("n"), "utf8") !== at, "the job goes on");
      }
      figures.sort((a, b) => a - b);
      console.info(`${name}: 50 freezes, median ${figures[25]?.toFixed(2)} ms, longest ${figures[49]?.toFixed(2)} ms`);
      expect(sandbox.processes().map((each) => each.pid)).toEqual([sandbox.pid]);
    });

    test("leaves stopped what had stopped itself", async () => {
      const { file, pids } = await bed.start(`sh -c 'echo $$ > pid; kill -STOP $$; echo > woke' & ${idleHere}`);
      const [pid] = (await pids("pid", 1)) as [number];
      await until(() => readProcess(pid)?.state === "T", "it stops itself");
      await bed.freeze();
      await bed.freeze();
      bed.driver.thawAll();
      await timePasses();
      expect(readProcess(pid)?.state).toBe("T");
      expect(existsSync(file("woke"))).toBe(false);
    });

    test("asked for twice is undone by one thaw", async () => {
      const { sandbox } = await bed.start(burnHere);
      expect(await bed.freeze()).toMatchObject({ running: [] });
      expect(await bed.freeze()).toMatchObject({ running: [] });
      const ticks = cpuTicks(sandbox.pid);
      bed.driver.thawAll();
      await until(() => cpuTicks(sandbox.pid) > ticks, "it goes on");
    });

    test("does not wait for a job that is just being started, and stops it (case 24)", async () => {
      const request = bed.request(["sh", "-c", `echo > ran; ${idleHere}`]);
      const starting = bed.run(request);
      await bed.freeze();
      const sandbox = await starting;
      bed.driver.thawAll();
      await until(() => existsSync(join(request.workspace, "ran")), "the job runs after the thaw");
      expect(await sandbox.terminate(soon)).toMatchObject({ left: [] });
    });
  });
}

function identitiesOf(pids: readonly number[]): unknown[] {
  return pids.map((pid) => [pid, readProcess(pid)?.startTime, readProcess(pid)?.name]);
}

/** Which of these processes the kernel does not say are stopped, by cgroup or by signal. */
function notStopped(cgroup: string | null, pids: readonly number[]): number[] {
  if (cgroup === null) {
    return pids.filter((pid) => {
      const stat = readProcess(pid);
      return stat === null || !isStopped(stat);
    });
  }
  const frozen = readFileSync(join(cgroup, "cgroup.events"), "utf8").includes("frozen 1");
  const inside = readFileSync(join(cgroup, "cgroup.procs"), "utf8").split("\n").map(Number);
  return pids.filter((pid) => !frozen || !inside.includes(pid));
}
