import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { cgroupMount, mayDelegate, ownCgroup } from "./cgroup.ts";
import { driverContract } from "./driver.contract.ts";
import { cpuTicks, DriverBed, isRunning, killIfAlive, pidsIn, until } from "./testing/driver-bed.ts";
import { atGate, burnHere, fleeing, hasFled, openGate, soon } from "./testing/endless-job.ts";
import { readProcess } from "./proc-stat.ts";
import { processDriver } from "./process-driver.ts";

const own = ownCgroup();
const delegated = own !== null && mayDelegate(own);
const isRoot = process.getuid?.() === 0;
const handedDown = own === null ? "" : readFileSync(join(own, "cgroup.subtree_control"), "utf8");

describe.skipIf(!delegated)("with cgroups (skipped where this user may not make any)", () => {
  driverContract({ name: "process driver, cgroups", makeDriver: (options) => processDriver(options) });

  test("every process is in its lease's cgroup from its first instruction", async () => {
    const bed = new DriverBed((options) => processDriver(options));
    try {
      const { sandbox, file } = await bed.start("grep ^0:: /proc/self/cgroup > seen; echo $$ > done");
      await pidsIn(file("done"), 1);
      const seen = readFileSync(file("seen"), "utf8").trim().slice("0::".length);
      expect(join(cgroupMount() as string, seen)).toBe(sandbox.cgroup);
    } finally {
      await bed.close();
    }
  });

  test.skipIf(!isRoot)("a job that leaves its cgroup is stopped and ended all the same (needs root)", async () => {
    const bed = new DriverBed((options) => processDriver(options));
    try {
      const { sandbox, file } = await bed.start(
        `
        sh -c 'echo $$ > "$OUT/cgroup.procs"; echo $$ > pid; ulimit -t 60; while :; do :; done' & exec sleep 60`,
        {
          OUT: own as string,
        },
      );
      const [pid] = (await pidsIn(file("pid"), 1)) as [number];
      expect(readFileSync(join(sandbox.cgroup as string, "cgroup.procs"), "utf8")).not.toContain(String(pid));
      expect(await bed.freeze()).toMatchObject({ processes: 2 });
      expect(readProcess(pid)?.state).toBe("T");
      const ticks = cpuTicks(pid);
      bed.driver.thawAll();
      await until(() => cpuTicks(pid) > ticks, "it goes on");
      expect(await sandbox.terminate({ graceMs: 100, deadlineMs: 60_000 })).toEqual({ terminated: 2, left: [] });
      expect(isRunning(pid)).toBe(false);
    } finally {
      await bed.close();
    }
  });

  test.skipIf(!isRoot)("so is one that nothing but a session begun unseen betrays (needs root)", async () => {
    const bed = new DriverBed((options) => processDriver(options));
    try {
      const { sandbox, file } = await bed.start(
        `perl -MPOSIX -e '
          open(my $f, ">", "seen"); print $f "$$\n"; close($f);
          select(undef, undef, undef, 0.005) until -e "go";
          POSIX::setsid();
          if (!fork) { if (!fork) { exec "env", "-i", "sh", "-c", $ARGV[0] } POSIX::_exit(0) }
          wait; sleep 60;
        ' 'echo $$ > '"$OUT"'/cgroup.procs; echo $$ > pid; ulimit -t 60; while :; do :; done' & exec sleep 60`,
        { OUT: own as string },
      );
      await pidsIn(file("seen"), 1);
      expect(sandbox.processes()).toHaveLength(2);
      writeFileSync(file("go"), "");
      const [pid] = (await pidsIn(file("pid"), 1)) as [number];
      await until(() => readProcess(pid)?.parent === process.pid, "it is adopted");
      expect(await bed.freeze()).toMatchObject({ processes: 3 });
      expect(readProcess(pid)?.state).toBe("T");
      expect(await sandbox.terminate({ graceMs: 0, deadlineMs: 60_000 })).toEqual({ terminated: 3, left: [] });
      expect(isRunning(pid)).toBe(false);
    } finally {
      await bed.close();
    }
  });
});

test.for([
  { limit: "memory", controller: "memory", script: "a=$(head -c 256M /dev/zero | tr '\\0' x); exit 1" },
  { limit: "processes", controller: "pids", script: "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; exit 1" },
] as const)(
  "a job that the kernel holds to its limit of $limit is told so",
  async ({ limit, controller, script }, context) => {
    if (!delegated || !handedDown.includes(controller)) context.skip(`needs the ${controller} controller of cgroup v2`);
    const limits = { processesMax: 8, memoryBytesMax: 64 * 1024 ** 2, cpusMax: null };
    const bed = new DriverBed((options) => processDriver({ ...options, limits }));
    try {
      const { sandbox } = await bed.start(script);
      expect(await sandbox.exited).toMatchObject({ exceeded: { limit } });
    } finally {
      await bed.close();
    }
  },
);

driverContract({
  name: "process driver, no cgroups",
  makeDriver: (options) => processDriver({ ...options, cgroupRoot: null }),
});

test("every process of a job has the limits that no cgroup holds it to", async () => {
  const limits = { processesMax: 64, memoryBytesMax: 256 * 1024 ** 2, cpusMax: null };
  const bed = new DriverBed((options) => processDriver({ ...options, limits, cgroupRoot: null }));
  try {
    const { sandbox, request } = await bed.start(
      "ulimit -v; ulimit -c; ulimit -f",
      {},
      { workspaceBytesMax: 1024 ** 2 },
    );
    expect(await sandbox.exited).toEqual({ exitCode: 0, signal: null });
    expect(readFileSync(request.logFile, "utf8")).toBe("262144\n0\n2048\n");
  } finally {
    await bed.close();
  }
});

describe("of two jobs at once, without cgroups, one that nothing tells whose it is", () => {
  async function twoAtWork(place: string) {
    const bed = new DriverBed((options) => processDriver({ ...options, cgroupRoot: null }));
    const one = await bed.start(burnHere);
    const other = await bed.start(`${atGate}; fled=$PWD/fled; cd ${place}; ${fleeing("'$fled'")}; ${burnHere}`);
    openGate(other);
    const [pid] = (await other.pids("fled", 1)) as [number];
    onTestFinished(() => killIfAlive(pid));
    await hasFled(pid);
    return { bed, one, other, pid };
  }

  test("is the one's in whose workspace it is", async () => {
    const { bed, one, other, pid } = await twoAtWork(".");
    expect(other.sandbox.processes().map((each) => each.pid)).toContain(pid);
    expect(await one.sandbox.terminate(soon)).toEqual({ terminated: 1, left: [] });
    expect(isRunning(pid)).toBe(true);
    expect(await other.sandbox.terminate(soon)).toEqual({ terminated: 2, left: [] });
    expect(isRunning(pid)).toBe(false);
    await bed.close();
  });

  test("stands still with both, outlives the first to end, and not the last", async () => {
    const { bed, one, other, pid } = await twoAtWork("/");
    expect(await bed.freeze()).toMatchObject({ processes: 3 });
    expect(readProcess(pid)?.state).toBe("T");
    bed.driver.thawAll();
    await other.sandbox.terminate(soon);
    expect(isRunning(pid)).toBe(true);
    expect(await one.sandbox.terminate(soon)).toEqual({ terminated: 2, left: [] });
    expect(isRunning(pid)).toBe(false);
    await bed.close();
  });

  test("ends with everything", async () => {
    const { bed, pid } = await twoAtWork("/");
    expect(await bed.driver.endAll(soon)).toEqual({ terminated: 3, left: [] });
    expect(isRunning(pid)).toBe(false);
    await bed.close();
  });
});

test("a driver that can adopt nobody says at the end who would not have been seen", async () => {
  const bed = new DriverBed((options) => processDriver({ ...options, adopt: () => null, cgroupRoot: null }));
  expect(await bed.driver.endAll(soon)).toEqual({ terminated: 0, left: [] });
  await bed.start(burnHere);
  const unseen = expect.stringContaining("would not have been seen") as string;
  expect(await bed.driver.endAll(soon)).toEqual({ terminated: 1, left: [], unseen });
  await bed.close();
});

test("the driver says what it cannot promise, and more of it without cgroups, and without orphans of its own", async () => {
  const cannotOf = async (adopt: (() => null) | undefined): Promise<readonly string[]> => {
    const withOrphans = adopt === undefined ? {} : { adopt };
    const bed = new DriverBed((options) => processDriver({ ...options, ...withOrphans, cgroupRoot: null }));
    await bed.close();
    return bed.driver.cannot.filter((sentence) => /Without cgroups|No cgroup/.test(sentence));
  };
  const adopting = await cannotOf(undefined);
  expect(adopting).toHaveLength(3);
  expect(adopting.join()).toContain("its next start does not find it");
  const blind = await cannotOf(() => null);
  expect(blind).toHaveLength(3);
  expect(blind.join()).toContain("is not found, and no report counts it");
});
