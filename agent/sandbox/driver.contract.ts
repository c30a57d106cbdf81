import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { cpuTicks, DriverBed, isRunning, type MakeDriver, type Started, until } from "./testing/driver-bed.ts";
import { isStopped, readProcess } from "./proc-stat.ts";

export interface ContractSubject {
  readonly name: string;
  readonly makeDriver: MakeDriver;
}

/** Burns CPU for ever, as far as a test is concerned: it ends by itself should a test forget it. */
const burn = "(ulimit -t 60; while :; do :; done)";
const burnHere = "ulimit -t 60; while :; do :; done";
const soon = { graceMs: 100, deadlineMs: 20_000 };

/** What every sandbox driver must do, with real programs. */
export function driverContract({ name, makeDriver }: ContractSubject): void {
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
      const { sandbox, file, pids } = await bed.start(`ls -l /proc/self/fd > fds; echo $$ > pid; ${burnHere}`);
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

    test("is found by its session alone, after its first process is gone and the environment cleared", async () => {
      const { sandbox, pids } = await bed.start(`(env -i sh -c 'echo $$ > pid; exec /bin/sleep 60' &); exit 0`);
      await sandbox.exited;
      const [pid] = await pids("pid", 1);
      await until(
        () => !readFileSync(`/proc/${pid}/environ`, "latin1").includes("HOUSEGUEST_"),
        "the environment is cleared",
      );
      expect(sandbox.processes().map((each) => each.pid)).toEqual([pid]);
    });

    test("is found by the session of a daemon of its, reparented and with a cleared environment", async () => {
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

    test("is found by its descent, after a child took a new session and cleared its environment", async () => {
      const { sandbox, pids } = await bed.start(
        `env -i setsid sh -c 'echo $$ > pid; exec /bin/sleep 60' & ${burnHere}`,
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

  describe(`${name}: a job's size cap`, () => {
    const cap = 4 * 1024 ** 2;

    test("ends a job that writes one file larger than that, at the byte", async () => {
      const request = bed.request(["sh", "-c", "exec head -c 64M /dev/zero > large"]);
      const sandbox = await bed.run({ ...request, job: { ...request.job, workspaceBytesMax: cap } });
      expect(await sandbox.exited).toEqual({
        exitCode: null,
        signal: "SIGXFSZ",
        reason: `${request.jobId} wrote a file larger than the ${cap} bytes that are allowed`,
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
      const request = bed.request(["sh", "-c", `trap '' TERM; ${script}; ${burn} & ${burnHere}`]);
      const sandbox = await bed.run({ ...request, job: { ...request.job, workspaceBytesMax: cap } });
      const { signal, reason } = await sandbox.exited;
      expect(signal).toBe("SIGKILL");
      expect(reason).toMatch(new RegExp(`^${request.jobId} held \\d+ bytes of the disk, and ${cap} are allowed$`));
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
      // Twice the time in which the others are ended.
      await Promise.race([sandbox.exited, new Promise((resolve) => setTimeout(resolve, 2_500))]);
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
      const { running, processes, freezeMs } = bed.driver.freezeAll();
      const ticks = pids.map(cpuTicks);
      expect(running).toEqual([]);
      expect(processes).toBeGreaterThanOrEqual(4);
      expect(notStopped(sandbox.cgroup, pids)).toEqual([]);
      await timePasses();
      expect(pids.map(cpuTicks)).toEqual(ticks);
      console.info(`${name}: froze ${processes} processes in ${freezeMs.toFixed(2)} ms`);
      bed.driver.thawAll();
      await until(() => pids.every((pid, index) => cpuTicks(pid) > (ticks[index] as number)), "all go on");
      expect(identitiesOf(pids)).toEqual(before);
    });

    test("holds through many cycles, and loses no work", async () => {
      const { sandbox, file } = await bed.start(`i=0; while [ $i -lt 200000 ]; do i=$((i+1)); echo $i > n; done`);
      await until(() => existsSync(file("n")), "the job works");
      const figures: number[] = [];
      for (let cycle = 0; cycle < 50; cycle += 1) {
        const { running, freezeMs } = bed.driver.freezeAll();
        expect(running).toEqual([]);
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
      const { file, pids } = await bed.start(`sh -c 'echo $$ > pid; kill -STOP $$; echo > woke' & ${burnHere}`);
      const [pid] = (await pids("pid", 1)) as [number];
      await until(() => readProcess(pid)?.state === "T", "it stops itself");
      bed.driver.freezeAll();
      bed.driver.freezeAll();
      bed.driver.thawAll();
      await timePasses();
      expect(readProcess(pid)?.state).toBe("T");
      expect(existsSync(file("woke"))).toBe(false);
    });

    test("asked for twice is undone by one thaw", async () => {
      const { sandbox } = await bed.start(burnHere);
      expect(bed.driver.freezeAll().running).toEqual([]);
      expect(bed.driver.freezeAll().running).toEqual([]);
      const ticks = cpuTicks(sandbox.pid);
      bed.driver.thawAll();
      await until(() => cpuTicks(sandbox.pid) > ticks, "it goes on");
    });

    test("does not wait for a job that is just being started, and stops it", async () => {
      const request = bed.request(["sh", "-c", `echo > ran; ${burnHere}`]);
      const starting = bed.run(request);
      expect(bed.driver.freezeAll().running).toEqual([]);
      const sandbox = await starting;
      bed.driver.thawAll();
      await until(() => existsSync(join(request.workspace, "ran")), "the job runs after the thaw");
      expect(await sandbox.terminate(soon)).toMatchObject({ left: [] });
    });
  });

  describe(`${name}: a termination`, () => {
    test("lets a job that hears TERM end in its own way", async () => {
      const { sandbox, file } = await bed.start(`trap 'echo bye > bye; exit 5' TERM; echo > ready; ${burn} & wait`);
      await until(() => existsSync(file("ready")), "the job listens");
      expect(await sandbox.terminate({ graceMs: 10_000, deadlineMs: 20_000 })).toMatchObject({ left: [] });
      expect(await sandbox.exited).toEqual({ exitCode: 5, signal: null });
      expect(existsSync(file("bye"))).toBe(true);
    });

    test("ends a job that ignores TERM after the grace", async () => {
      const { sandbox, file } = await bed.start(`trap '' TERM; echo > ready; ${burnHere}`);
      await until(() => existsSync(file("ready")), "the job ignores");
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 1, left: [] });
      expect(await sandbox.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
      expect(await sandbox.terminate(soon)).toEqual({ terminated: 0, left: [] });
    });

    test("ends what stopped itself", async () => {
      const { sandbox, pids } = await bed.start(`sh -c 'echo $$ > pid; kill -STOP $$' & trap '' TERM; ${burnHere}`);
      const [pid] = (await pids("pid", 1)) as [number];
      await until(() => readProcess(pid)?.state === "T", "it stops itself");
      expect(await sandbox.terminate(soon)).toMatchObject({ left: [] });
      expect(isRunning(pid)).toBe(false);
    });

    test("ends two that start each other again", async () => {
      const { sandbox, file } = await startGuards(bed);
      await until(() => existsSync(file("a.pid")) && existsSync(file("b.pid")), "both run");
      expect(await sandbox.terminate(soon)).toMatchObject({ left: [] });
      await timePasses();
      const born = readFileSync(file("births"), "utf8");
      await timePasses();
      expect(readFileSync(file("births"), "utf8")).toBe(born);
    });

    test("ends a chain of processes each of which flees into the next", async () => {
      const { sandbox, pids } = await bed.start(`
        cat > hop <<'END'
trap '' TERM HUP
echo $$ >> pids
[ $1 -ge 50 ] && exec sleep 60
setsid sh ./hop $(($1 + 1)) &
END
        setsid sh ./hop 1 & trap '' TERM; ${burnHere}`);
      await pids("pids", 3);
      expect(await sandbox.terminate({ graceMs: 1, deadlineMs: 10_000 })).toMatchObject({ left: [] });
      expect((await pids("pids", 1)).filter(isRunning)).toEqual([]);
    });

    test("is heard while everything is frozen, and lets nobody else run", async () => {
      const one = await bed.start(`trap 'echo bye > bye; exit 5' TERM; echo > ready; ${burn} & wait`);
      const other = await bed.start(burnHere);
      await until(() => existsSync(one.file("ready")), "the job listens");
      bed.driver.freezeAll();
      const ticks = cpuTicks(other.sandbox.pid);
      expect(await one.sandbox.terminate({ graceMs: 10_000, deadlineMs: 20_000 })).toMatchObject({ left: [] });
      expect(existsSync(one.file("bye"))).toBe(true);
      await timePasses();
      expect(cpuTicks(other.sandbox.pid)).toBe(ticks);
      expect(bed.driver.freezeAll().running).toEqual([]);
      bed.driver.thawAll();
      await until(() => cpuTicks(other.sandbox.pid) > ticks, "the other goes on");
    });

    test("ends a frozen job that ignores TERM, also when a freeze comes in its grace", async () => {
      const { sandbox, file } = await bed.start(`trap '' TERM; echo > ready; ${burnHere}`);
      await until(() => existsSync(file("ready")), "the job ignores");
      bed.driver.freezeAll();
      const ending = sandbox.terminate({ graceMs: 300, deadlineMs: 10_000 });
      expect(bed.driver.freezeAll().running).toEqual([]);
      expect(await ending).toEqual({ terminated: 1, left: [] });
      expect(sandbox.terminate(soon)).not.toBe(ending);
    });

    test("asked for twice at once is one", async () => {
      const { sandbox } = await bed.start(burnHere);
      const [first, second] = await Promise.all([sandbox.terminate(soon), sandbox.terminate(soon)]);
      expect(second).toBe(first);
    });

    test("of many at once ends them all", async () => {
      const many = await Promise.all(
        Array.from({ length: 20 }, () => bed.start(`trap '' TERM; ${burn} & ${burnHere}`)),
      );
      const results = await Promise.all(many.map(({ sandbox }) => sandbox.terminate(soon)));
      expect(results.flatMap(({ left }) => left)).toEqual([]);
      expect(many.map(({ sandbox }) => sandbox.processes())).toEqual(many.map(() => []));
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
    trap '' TERM; ${burnHere}`);
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

/** Resolves when this host has given a process outside every sandbox a tenth of a second of CPU. */
async function timePasses(): Promise<void> {
  const witness: ChildProcess = spawn("sh", ["-c", burnHere], { stdio: "ignore" });
  const { pid } = witness;
  if (pid === undefined) throw new Error("the witness could not be started");
  const ended = once(witness, "exit");
  try {
    await until(() => cpuTicks(pid) >= 10, "time passes");
  } finally {
    witness.kill("SIGKILL");
    await ended;
  }
}
