import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readProcess } from "./proc-stat.ts";
import { type ContractSubject, cpuTicks, DriverBed, isRunning, until } from "./testing/driver-bed.ts";
import { burnHere, idle, idleHere, soon } from "./testing/endless-job.ts";

/** What a job is to a driver: how it runs and ends, is found, is held to its size, or cannot be started. */
export function driverJobsContract({ name, makeDriver }: ContractSubject): void {
  let bed: DriverBed;
  beforeEach(() => {
    bed = new DriverBed(makeDriver);
  });
  afterEach(async () => {
    await bed.close();
  });

  describe(`${name}: a job`, () => {
    test("runs in its workspace with a clean environment that its own cannot forge", async () => {
      const watched = new DriverBed((options) =>
        makeDriver({ ...options, environment: { PATH: process.env["PATH"], SECRET: "1", HOUSEGUEST_RUN: "run-7" } }),
      );
      try {
        const own = {
          HOUSEGUEST_AGENT: "forged",
          HOUSEGUEST_RUN: "forged",
          HOUSEGUEST_HISTORY: "/forged",
          HOME: "/h",
          X: "y z",
        };
        const { sandbox, request } = await watched.start('pwd; env; cat; echo "to stderr" >&2; exit 7', own);
        expect(await sandbox.exited).toEqual({ exitCode: 7, signal: null });
        const lines = readFileSync(request.logFile, "utf8").split("\n");
        expect(lines[0]).toBe(request.workspace);
        expect(lines).toContain("to stderr");
        expect(lines).toEqual(
          expect.arrayContaining([
            `HOUSEGUEST_AGENT=${watched.agentId}`,
            "HOUSEGUEST_LEASE=lease-1",
            "HOUSEGUEST_JOB=job-1",
            "HOUSEGUEST_EPOCH=1",
            "HOUSEGUEST_RUN=run-7",
            "HOME=/h",
            "X=y z",
          ]),
        );
        expect(lines.join("\n")).not.toMatch(/SECRET|forged/);
      } finally {
        await watched.close();
      }
    });

    test("leads a session of its own and holds nothing of the agent's open", async () => {
      const { sandbox, file, pids } = await bed.start(`ls -l /proc/self/fd > fds; echo $$ > pid; ${idleHere}`);
      await pids("pid", 1);
      expect(readProcess(sandbox.pid)?.session).toBe(sandbox.pid);
      expect(readFileSync(file("fds"), "utf8")).not.toContain("socket:");
    });

    test.each([
      { script: "exit 143", exit: { exitCode: 143, signal: null } },
      { script: "kill -TERM $$", exit: { exitCode: null, signal: "SIGTERM" } },
      { script: "exit 130", exit: { exitCode: 130, signal: null } },
      { script: "kill -INT $$", exit: { exitCode: null, signal: "SIGINT" } },
      { script: "kill -KILL $$", exit: { exitCode: null, signal: "SIGKILL" } },
      { script: "exec false", exit: { exitCode: 1, signal: null } },
    ])("that ends by «$script» is told from one that ends otherwise", async ({ script, exit }) => {
      const { sandbox } = await bed.start(script);
      expect(await sandbox.exited).toEqual(exit);
    });

    test("has ended before its descendants, which are found and ended all the same", async () => {
      const { sandbox, pids } = await bed.start(
        `(echo $$ > /dev/null; sh -c 'echo $$ > pid; exec sleep 60' &); exit 0`,
      );
      expect(await sandbox.exited).toEqual({ exitCode: 0, signal: null });
      const [pid] = await pids("pid", 1);
      expect(sandbox.processes().map((each) => each.pid)).toEqual([pid]);
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 1, left: [] });
      expect(isRunning(pid as number)).toBe(false);
    });

    test("is found by its session alone, after its first process is gone and the environment cleared (case 51)", async () => {
      const { sandbox, pids } = await bed.start(`(env -i sh -c 'echo $$ > pid; exec /bin/sleep 60' &); exit 0`);
      await sandbox.exited;
      const [pid] = await pids("pid", 1);
      await until(
        () => !readFileSync(`/proc/${pid}/environ`, "latin1").includes("HOUSEGUEST_"),
        "the environment is cleared",
      );
      expect(sandbox.processes().map((each) => each.pid)).toEqual([pid]);
    });

    test("is found by the session of a daemon of its, reparented and with a cleared environment (case 51)", async () => {
      const { sandbox, pids } = await bed.start(`
        cat > daemon <<'END'
(env -i sh -c 'echo $$ > pid; exec /bin/sleep 60' &)
exec sleep 60
END
        setsid sh ./daemon & exec sleep 60`);
      const [pid] = await pids("pid", 1);
      await until(
        () => !readFileSync(`/proc/${pid}/environ`, "latin1").includes("HOUSEGUEST_"),
        "the environment is cleared",
      );
      expect(sandbox.processes().map((each) => each.pid)).toContain(pid);
    });

    test("is found by its descent, after a child took a new session and cleared its environment (case 51)", async () => {
      const { sandbox, pids } = await bed.start(
        `env -i setsid sh -c 'echo $$ > pid; exec /bin/sleep 60' & ${idleHere}`,
      );
      const [pid] = await pids("pid", 1);
      expect(sandbox.processes().map((each) => each.pid)).toContain(pid);
      process.kill(sandbox.pid, "SIGKILL");
      await sandbox.exited;
      expect(sandbox.processes().map((each) => each.pid)).toEqual([pid]);
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 1, left: [] });
      expect(isRunning(pid as number)).toBe(false);
    });
  });

  describe(`${name}: the CPU time of jobs`, () => {
    /** Burns in a process of its own for so many turns, again and again, and says at the end what all of it took. */
    const busy = `
      n=0; while [ $n -lt 12 ]; do
        sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'
        n=$((n+1)); echo $n >> turns
      done; cat /proc/$$/stat > took; echo > done; exec sleep 60`;

    test("is that of all their processes, those that have ended among them, and never falls", async () => {
      expect(bed.driver.cpuMs()).toBe(0);
      const { file } = await bed.start(busy);
      const readings: number[] = [];
      await until(() => {
        readings.push(bed.driver.cpuMs());
        return existsSync(file("done"));
      }, "it has done its work");
      const fields = readFileSync(file("took"), "latin1").split(") ")[1]?.split(" ") ?? [];
      const tookMs = 10 * [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
      const countedMs = bed.driver.cpuMs();
      expect(tookMs).toBeGreaterThan(200);
      expect(readings).toEqual(readings.toSorted((a, b) => a - b));
      // Each of the kernel's accounts of a process is as fine as a tick, and starting it takes its time too.
      expect(countedMs).toBeGreaterThan(0.8 * tookMs);
      expect(countedMs).toBeLessThan(1.3 * tookMs + 150);
    });

    test("is not that of anything else", async () => {
      const { sandbox } = await bed.start("exec sleep 60");
      await until(() => readProcess(sandbox.pid)?.name === "sleep", "its start has used all that it uses");
      const beforeMs = bed.driver.cpuMs();
      const other = spawn("sh", ["-c", burnHere], { stdio: "ignore" });
      const ended = once(other, "exit");
      try {
        await until(() => cpuTicks(other.pid as number) >= 10, "time passes");
        expect(bed.driver.cpuMs() - beforeMs).toBeLessThan(50);
      } finally {
        other.kill("SIGKILL");
        await ended;
      }
    });
  });

  describe(`${name}: a job's size cap`, () => {
    const cap = 4 * 1024 ** 2;

    test("ends a job that writes one file larger than that, at the byte", async () => {
      const request = bed.request(["sh", "-c", "exec head -c 64M /dev/zero > large"]);
      const sandbox = await bed.run({ ...request, job: { ...request.job, workspaceBytesMax: cap } });
      expect(await sandbox.exited).toEqual({
        exitCode: null,
        signal: "SIGXFSZ",
        exceeded: {
          limit: "file-size",
          detail: `${request.jobId} wrote a file larger than the ${cap} bytes that are allowed`,
        },
      });
      expect(statSync(join(request.workspace, "large")).size).toBe(cap);
    });

    test.each([
      { how: "by many files", script: "for i in 1 2 3 4; do head -c 2M /dev/zero > $i; done" },
      {
        how: "by files that it deletes and holds open",
        script: 'for i in 6 7 8 9; do eval "exec $i>held"; rm held; head -c 2M /dev/zero >&$i; done',
      },
    ])("ends a job with all its processes that outgrows it $how", async ({ script }) => {
      const request = bed.request(["sh", "-c", `trap '' TERM; ${script}; ${idle} & ${idleHere}`]);
      const sandbox = await bed.run({ ...request, job: { ...request.job, workspaceBytesMax: cap } });
      const { signal, exceeded } = await sandbox.exited;
      expect([signal, exceeded?.limit]).toEqual(["SIGKILL", "workspace"]);
      expect(exceeded?.detail).toMatch(
        new RegExp(`^${request.jobId} held \\d+ bytes of the disk, and ${cap} are allowed$`),
      );
      await until(() => sandbox.processes().length === 0, "all of it is ended");
    });

    test("leaves one alone that keeps to it, with sparse files and hard links", async () => {
      const request = bed.request([
        "sh",
        "-c",
        "head -c 3M /dev/zero > a; for i in 1 2 3; do ln a $i; done; truncate -s 3M sparse; exec sleep 60",
      ]);
      const sandbox = await bed.run({ ...request, job: { ...request.job, workspaceBytesMax: cap } });
      await until(() => existsSync(join(request.workspace, "sparse")), "the job holds it");
      const other = bed.request(["sh", "-c", `for i in 1 2 3 4; do head -c 2M /dev/zero > $i; done; ${idleHere}`]);
      const outgrows = await bed.run({ ...other, job: { ...other.job, workspaceBytesMax: cap } });
      // Who started later is measured later: when that one is ended, this one was looked at.
      expect(await outgrows.exited).toMatchObject({ signal: "SIGKILL" });
      expect(isRunning(sandbox.pid)).toBe(true);
    });
  });

  describe(`${name}: a job that cannot be started`, () => {
    test.each<[string, (workspace: string) => string[]]>([
      ["for want of a program", () => ["houseguest-no-such-program"]],
      ["for an empty name", () => [""]],
      ["for want of a file", () => ["./missing"]],
      ["because it is a directory", () => ["/tmp"]],
      ["because it is not executable", (workspace) => [plant(workspace, { mode: 0o600, text: "#!/bin/sh\n" })]],
      [
        "for want of its interpreter",
        (workspace) => [plant(workspace, { mode: 0o700, text: "#!/no/such/interpreter\n" })],
      ],
    ])("%s, says so and leaves nothing", async (_, commandOf) => {
      const held = bed.ledger.live();
      const request = bed.request(["placeholder"]);
      const command = commandOf(request.workspace);
      await expect(bed.driver.start({ ...request, job: { ...request.job, command } })).rejects.toMatchObject({
        code: "spawn-failed",
        message: expect.stringContaining(request.jobId),
      });
      expect(bed.ledger.live()).toEqual(held);
      expect(existsSync(request.logFile)).toBe(false);
    });

    test("for want of a workspace or a place for its log", async () => {
      const request = bed.request(["true"]);
      const elsewhere = { ...request, logFile: join(bed.place, "missing/log") };
      await expect(bed.driver.start(elsewhere)).rejects.toMatchObject({ code: "spawn-failed" });
      rmSync(request.workspace, { recursive: true });
      await expect(bed.driver.start(request)).rejects.toMatchObject({ code: "spawn-failed" });
    });

    test("while everything is frozen", async () => {
      bed.driver.freezeAll();
      await expect(bed.start("true")).rejects.toMatchObject({ code: "frozen", retriable: true });
    });
  });
}

function plant(workspace: string, { mode, text }: { mode: number; text: string }): string {
  mkdirSync(join(workspace, "bin"));
  const path = join(workspace, "bin/program");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
