import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readProcess } from "./proc-stat.ts";
import {
  type ContractSubject,
  cpuTicks,
  DriverBed,
  isRunning,
  processesOf,
  type Started,
  until,
} from "./testing/driver-bed.ts";
import { atGate, burnHere, idle, idleHere, soon, timePasses } from "./testing/endless-job.ts";
import { hurriedTerminations } from "./testing/hurried-terminations.ts";

/** What a termination is. */
export function driverTerminationContract({ name, makeDriver }: ContractSubject): void {
  let bed: DriverBed;
  beforeEach(() => {
    bed = new DriverBed(makeDriver);
  });
  afterEach(async () => {
    await bed.close();
  });

  describe(`${name}: a termination`, () => {
    test("lets a job that hears TERM end in its own way", async () => {
      // Its child says that they are ready: one that is forked after TERM was sent to all has heard none, and has its grace.
      const { sandbox, file } = await bed.start(
        `trap 'echo bye > bye; exit 5' TERM; (echo > ready; ${idleHere}) & wait`,
      );
      await until(() => existsSync(file("ready")), "the job listens");
      expect(await sandbox.terminate({ graceMs: 60_000, deadlineMs: 90_000 })).toMatchObject({ left: [] });
      expect(await sandbox.exited).toEqual({ exitCode: 5, signal: null });
      expect(existsSync(file("bye"))).toBe(true);
    });

    test("ends a job that ignores TERM after the grace", async () => {
      const { sandbox, file } = await bed.start(`trap '' TERM; echo > ready; ${idleHere}`);
      await until(() => existsSync(file("ready")), "the job ignores");
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 1, left: [] });
      expect(await sandbox.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 0, left: [] });
    });

    test("ends what stopped itself (case 26)", async () => {
      const { sandbox, pids } = await bed.start(`sh -c 'echo $$ > pid; kill -STOP $$' & trap '' TERM; ${idleHere}`);
      const [pid] = (await pids("pid", 1)) as [number];
      await until(() => readProcess(pid)?.state === "T", "it stops itself");
      expect(await sandbox.terminate(soon)).toMatchObject({ left: [] });
      expect(isRunning(pid)).toBe(false);
    });

    test("ends two that start each other again (case 32)", async () => {
      const { sandbox, file } = await startGuards(bed);
      await until(() => existsSync(file("a.pid")) && existsSync(file("b.pid")), "both run");
      expect(await sandbox.terminate(soon)).toMatchObject({ left: [] });
      await timePasses();
      const born = readFileSync(file("births"), "utf8");
      await timePasses();
      expect(readFileSync(file("births"), "utf8")).toBe(born);
    });

    test("ends a chain of processes each of which flees into the next (case 32)", async () => {
      const { sandbox, pids } = await bed.start(`
        cat > hop <<'END'
trap '' TERM HUP
echo $$ >> pids
[ $1 -ge 50 ] && exec sleep 60
setsid sh ./hop $(($1 + 1)) &
END
        setsid sh ./hop 1 & trap '' TERM; ${idleHere}`);
      await pids("pids", 3);
      expect(await sandbox.terminate({ graceMs: 1, deadlineMs: 60_000 })).toMatchObject({ left: [] });
      expect((await pids("pids", 1)).filter(isRunning)).toEqual([]);
    });

    test("is heard while everything is frozen, and lets nobody else run (case 26)", async () => {
      const one = await bed.start(`trap 'echo bye > bye; exit 5' TERM; (echo > ready; ${idleHere}) & wait`);
      const other = await bed.start(burnHere);
      await until(() => existsSync(one.file("ready")), "the job listens");
      await bed.freeze();
      const ticks = cpuTicks(other.sandbox.pid);
      expect(await one.sandbox.terminate({ graceMs: 60_000, deadlineMs: 90_000 })).toMatchObject({ left: [] });
      expect(existsSync(one.file("bye"))).toBe(true);
      await timePasses();
      expect(cpuTicks(other.sandbox.pid)).toBe(ticks);
      await bed.freeze();
      bed.driver.thawAll();
      await until(() => cpuTicks(other.sandbox.pid) > ticks, "the other goes on");
    });

    test("ends a frozen job that ignores TERM, also when a freeze comes in its grace (case 26)", async () => {
      const { sandbox, file } = await bed.start(`trap '' TERM; echo > ready; ${idleHere}`);
      await until(() => existsSync(file("ready")), "the job ignores");
      await bed.freeze();
      const ending = sandbox.terminate({ graceMs: 300, deadlineMs: 60_000 });
      await bed.freeze();
      expect(await ending).toEqual({ terminated: 1, left: [] });
      expect(sandbox.terminate(soon)).not.toBe(ending);
    });

    test("asked for twice at once is one", async () => {
      const { sandbox } = await bed.start(idleHere);
      const [first, second] = await Promise.all([sandbox.terminate(soon), sandbox.terminate(soon)]);
      expect(second).toBe(first);
    });

    test.each(hurriedTerminations)(
      "that is under way is hurried by a later call $name, if that is sooner",
      async ({ first, second, overInMs }) => {
        const { sandbox, file } = await bed.start(`trap '' TERM; echo > ready; ${idleHere}`);
        await until(() => existsSync(file("ready")), "the job ignores");
        const ending = sandbox.terminate(first);
        expect(sandbox.isEnding).toBe(true);
        const beganAtMs = performance.now();
        const both = await Promise.all([ending, sandbox.terminate(second)]);
        expect(performance.now() - beganAtMs).toBeLessThan(overInMs);
        expect(both).toEqual([
          { terminated: 1, left: [] },
          { terminated: 1, left: [] },
        ]);
        expect(sandbox.isEnding).toBe(false);
      },
    );

    test("lets a job that was frozen in its grace end in its own way, when it is asked for again with one", async () => {
      // What it does at its end it does itself, and no sooner than it is told to: then it is frozen in the middle of it.
      const { sandbox, file } = await bed.start(
        `trap 'trap "" TERM; echo > heard; ${atGate}; exit 5' TERM; (echo > ready; ${idleHere}) & wait`,
      );
      await until(() => existsSync(file("ready")), "the job listens");
      const ending = sandbox.terminate({ graceMs: 600_000, deadlineMs: 1_200_000 });
      await until(() => existsSync(file("heard")), "the job has heard TERM");
      await bed.freeze();
      writeFileSync(file("go"), "");
      expect(await sandbox.terminate({ graceMs: 60_000, deadlineMs: 90_000 })).toMatchObject({ left: [] });
      expect(await ending).toMatchObject({ left: [] });
      expect(await sandbox.exited).toEqual({ exitCode: 5, signal: null });
    });

    test("of everything ends what runs, hurries what is being ended, and counts each once", async () => {
      const stubborn = `trap '' TERM; echo > ready; ${idleHere}`;
      const [one, other] = [await bed.start(stubborn), await bed.start(stubborn)];
      await until(() => existsSync(one.file("ready")) && existsSync(other.file("ready")), "both ignore");
      const ending = one.sandbox.terminate({ graceMs: 600_000, deadlineMs: 1_200_000 });
      expect(await bed.driver.endAll({ graceMs: 0, deadlineMs: 60_000 })).toEqual({ terminated: 1, left: [] });
      expect(await ending).toEqual({ terminated: 1, left: [] });
      expect(processesOf(bed.agentId)).toEqual([]);
    });

    test("of everything that comes to its deadline names who is alive", async () => {
      const { file } = await bed.start(`trap '' TERM; echo > ready; ${idleHere}`);
      await until(() => existsSync(file("ready")), "the job ignores");
      const { left } = await bed.driver.endAll({ graceMs: 600_000, deadlineMs: 0 });
      // A KILL is on its way; whether the kernel has carried it out by then is its own affair.
      const named = new Set(left.map(({ pid }) => pid));
      expect(processesOf(bed.agentId).filter((pid) => !named.has(pid))).toEqual([]);
      await bed.driver.endAll(soon);
      expect(processesOf(bed.agentId)).toEqual([]);
    });

    test("of many at once ends them all", async () => {
      const many = await Promise.all(
        Array.from({ length: 20 }, () => bed.start(`trap '' TERM; ${idle} & ${idleHere}`)),
      );
      const results = await Promise.all(many.map(({ sandbox }) => sandbox.terminate(soon)));
      expect(results.flatMap(({ left }) => left)).toEqual([]);
      expect(many.map(({ sandbox }) => sandbox.processes())).toEqual(many.map(() => []));
    });
  });
}

/** Two watch each other's pid and start the other again when it is gone; thirty births are the limit. */
async function startGuards(bed: DriverBed): Promise<Started> {
  return await bed.start(`
    cat > guard <<'END'
trap '' TERM HUP
echo $$ > $1.new && mv $1.new $1.pid
n=0
while [ $n -lt 2000 ]; do
  n=$((n + 1))
  if ! kill -0 "$(cat $2.pid)" 2>/dev/null && [ "$(wc -l < births)" -lt 30 ]; then
    echo $2 >> births
    setsid sh ./guard $2 $1 &
    sleep 0.05
  fi
  sleep 0.01
done
END
    touch births
    (setsid sh ./guard a b &)
    (setsid sh ./guard b a &)
    trap '' TERM; ${idleHere}`);
}
