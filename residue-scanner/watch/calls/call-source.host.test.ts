import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { ActResolver } from "../../core/act-resolver.ts";
import type { RawAct } from "../../core/call-pairing.ts";
import type { Act } from "../../core/recording.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { CallSource, type CallSourceOptions } from "./call-source.ts";
import { openTracefs } from "./tracefs.ts";

const isRoot = process.geteuid?.() === 0;
const testing = join(import.meta.dirname, "../../testing");
const sourceFile = join(testing, "kernel-asker.ts");
const watcherFile = join(testing, "call-watcher.ts");

/** What this machine lacks for watching system calls; null if nothing. */
const lack = await missing();

async function missing(): Promise<string | null> {
  const source = await CallSource.open();
  if ("refusal" in source) return source.refusal;
  source.close();
  return null;
}

async function watching(options: CallSourceOptions = {}): Promise<CallSource> {
  const source = await CallSource.open(options);
  if ("refusal" in source) throw new Error(source.refusal);
  onTestFinished(() => source.close());
  return source;
}

/** Pids stand for serials: none is used twice in so short a time. */
function actsOf(source: CallSource): Act[] {
  return resolverWith((pid) => pid).resolve(source.takeIn());
}

function resolverWith(serialAt: (pid: number) => number | null): ActResolver {
  return new ActResolver({ serialAt, beganNs: () => 0, parentOf: () => null, wallMs: (atNs) => atNs / 1e6 });
}

interface Ran {
  readonly pid: number;
  readonly output: string;
}

function run(program: string, ...parameters: string[]): Ran {
  const { pid, stdout, stderr, status, error } = spawnSync(program, parameters, { encoding: "utf8" });
  if (error !== undefined || status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return { pid, output: stdout.trim() };
}

const ask = (...questions: readonly (readonly unknown[])[]): Ran =>
  run(process.execPath, sourceFile, "main", JSON.stringify(questions));

function canRun(program: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((directory) => existsSync(join(directory, program)));
}

const keyNumbers: Readonly<Record<string, number>> = { x64: 248, arm64: 217, riscv64: 217, loong64: 217 };

/** What a short-lived process does, and what is to be seen of it. */
interface Doing {
  readonly what: string;
  readonly needs: string;
  readonly do: () => Ran & { readonly expected: Partial<Act>; readonly before?: readonly Partial<Act>[] };
}

const doings: readonly Doing[] = [
  {
    what: "a mount, in a namespace of its own",
    needs: "unshare",
    do: () => ({
      ...run("unshare", "--mount", "mount", "-t", "tmpfs", "-o", "nosuid,size=4k", "left", "/mnt"),
      // The first keeps it from spreading to the host: MS_REC | MS_PRIVATE.
      expected: { call: "mount", parameters: { flags: "0x2" }, returned: 0 },
      before: [{ call: "mount", parameters: { flags: "0x44000" }, returned: 0 }],
    }),
  },
  {
    what: "a mount namespace",
    needs: "unshare",
    do: () => ({
      ...run("unshare", "--mount", "true"),
      expected: { call: "unshare", parameters: { flags: "0x20000" }, returned: 0 },
    }),
  },
  ...(
    [
      ["shmget", "-M", "-m", { size: "4096" }],
      ["semget", "-S", "-s", { count: "3" }],
      ["msgget", "-Q", "-q", {}],
    ] as const
  ).map(
    ([call, make, remove, told]): Doing => ({
      what: `what ${call} makes, with its id`,
      needs: "ipcmk",
      do() {
        const ran = run("ipcmk", ...(make === "-Q" ? [make] : [make, make === "-M" ? "4096" : "3"]));
        const id = ran.output.replace(/\D/g, "");
        onTestFinished(() => void run("ipcrm", remove, id));
        return { ...ran, expected: { call, parameters: expect.objectContaining(told), returned: Number(id) } };
      },
    }),
  ),
  {
    what: "that shared memory is removed, by its id",
    needs: "ipcrm",
    do() {
      const id = run("ipcmk", "-M", "4096").output.replace(/\D/g, "");
      return {
        ...run("ipcrm", "-m", id),
        expected: { call: "shmctl", parameters: { id, command: "IPC_RMID" }, returned: 0 },
      };
    },
  },
  {
    what: "a niceness",
    needs: "renice",
    do() {
      const ran = run("sh", "-c", "exec renice -n 7 -p $$");
      const parameters = { which: "PRIO_PROCESS", who: String(ran.pid), value: "7" };
      return { ...ran, expected: { call: "setpriority", parameters, returned: 0 } };
    },
  },
  {
    what: "an attribute of a file (chattr)",
    needs: "chattr",
    do() {
      const file = join(temporaryDirectory(), "file");
      writeFileSync(file, "");
      return {
        ...run("chattr", "+d", file),
        expected: { call: "ioctl", parameters: { descriptor: expect.any(String), command: "FS_IOC_SETFLAGS" } },
      };
    },
  },
  {
    what: "a name of the host, in a namespace of its own",
    needs: "unshare",
    do: () => ({
      ...run("unshare", "--uts", "sh", "-c", "exec hostname guest"),
      expected: { call: "sethostname", parameters: { bytes: "5" }, returned: 0 },
    }),
  },
  {
    what: "a socket by which the network is configured",
    needs: "ip",
    do: () => ({
      ...run("ip", "address"),
      expected: {
        call: "socket",
        parameters: expect.objectContaining({ family: "AF_NETLINK", protocol: "NETLINK_ROUTE" }),
      },
    }),
  },
  {
    what: "a call that fails, with its error number",
    needs: "sh",
    do: () => ({
      ...ask(["int swapon(const char *path, int flags)", "/nothing/here", 0]),
      expected: { call: "swapon", returned: -2 },
    }),
  },
  {
    what: "a key, with its serial number",
    needs: "sh",
    do() {
      // Into the process's own keyring, which ends with it.
      const add =
        "long syscall(long number, const char *type, const char *description, const char *payload, size_t bytes, int ring)";
      const ran = ask([add, keyNumbers[process.arch], "user", "houseguest", "value", 5, -2]);
      const parameters = { bytes: "5", keyring: "-2" };
      return { ...ran, expected: { call: "add_key", parameters, returned: Number(ran.output) } };
    },
  },
  {
    what: "a POSIX queue that is removed again",
    needs: "sh",
    do() {
      const name = `/houseguest-${process.pid}`;
      const open = "int mq_open(const char *name, int flags, unsigned int mode, void *attributes)";
      const ran = ask([open, name, 0o102, 0o600, null], ["int mq_unlink(const char *name)", name]);
      return { ...ran, expected: { call: "mq_unlink", returned: 0 } };
    },
  },
  {
    what: "a signal that ends another process",
    needs: "sh",
    do() {
      const victim = spawn("sleep", ["1000"]);
      onTestFinished(() => void victim.kill("SIGKILL"));
      const ran = run("sh", "-c", `exec kill -TERM ${victim.pid} 2>/dev/null || kill -TERM ${victim.pid}`);
      return {
        ...ran,
        expected: { call: "kill", parameters: { pid: String(victim.pid), signal: "SIGTERM" }, returned: 0 },
      };
    },
  },
];

describe.skipIf(lack !== null)(
  `system calls of short-lived processes are told${lack === null ? "" : ` (${lack})`}:`,
  () => {
    for (const doing of doings) {
      it.skipIf(!canRun(doing.needs))(`${doing.what} (needs ${doing.needs})`, async () => {
        const source = await watching();
        const { pid, expected, before = [] } = doing.do();
        const own = actsOf(source).filter(({ by, call }) => by === pid && call === expected.call);
        expect(own).toMatchObject([...before, expected]);
        expect(source.source()).toMatchObject({ status: "done", detail: "" });
      });
    }

    it("a call of a thread is its process's", async () => {
      const source = await watching();
      const question = ["int sched_setscheduler(int pid, int policy, void *parameter)", process.pid, 99, null];
      const { pid } = run(process.execPath, sourceFile, "thread", JSON.stringify([question]));
      const batch = source.takeIn();
      const isIts = ({ call, parameters }: Pick<RawAct, "call" | "parameters">): boolean =>
        call === "sched_setscheduler" && parameters["policy"] === "99";
      const thread = batch.acts.find(isIts)?.thread;
      expect(thread).not.toBe(pid);
      const acts = resolverWith((one) => (one === thread ? null : one)).resolve(batch);
      expect(acts.filter(isIts).map(({ by }) => by)).toEqual([pid]);
    });

    it("times are those of CLOCK_MONOTONIC", async () => {
      const source = await watching();
      const before = Number(process.hrtime.bigint());
      const { pid } = ask(["int swapoff(const char *path)", "/nothing/here"]);
      const after = Number(process.hrtime.bigint());
      const [act] = source.takeIn().acts.filter(({ thread }) => thread === pid);
      expect(act?.atNs).toBeGreaterThan(before);
      expect(act?.atNs).toBeLessThan(after);
    });
  },
);

describe.skipIf(lack !== null)(`what is lost of system calls is known${lack === null ? "" : ` (${lack})`}`, () => {
  const burst = (times: number): Ran =>
    run(
      process.execPath,
      sourceFile,
      "main",
      JSON.stringify([["int setpriority(int which, int who, int value)", 0, 0, 0]]),
      String(times),
    );

  it("a burst that fits is seen call by call", async () => {
    const source = await watching();
    const { pid } = burst(2_000);
    const { acts } = source.stop();
    expect(acts.filter(({ thread, call }) => thread === pid && call === "setpriority")).toHaveLength(2_000);
    expect(source.source().status).toBe("done");
  });

  it("a burst beyond the buffer's room is lost, and said to be", async () => {
    const source = await watching({ bufferKilobytes: 8 });
    const { pid } = burst(5_000);
    const { acts } = source.stop();
    const seen = acts.filter(({ thread, call }) => thread === pid && call === "setpriority").length;
    expect(seen).toBeLessThan(5_000);
    expect(source.source().status).toBe("lost");
    const [, lost] = /^(\d+) events of system calls were lost/.exec(source.source().detail) ?? [];
    // Each call has a beginning and an end.
    expect(Number(lost)).toBeGreaterThanOrEqual(2 * 5_000 - 2 * seen - 2);
  });

  it("that somebody turned the tracing off is lost evidence", async () => {
    const source = await watching();
    await withTracefs((instances) => {
      for (const name of ownInstances(instances)) writeFileSync(join(instances, name, "tracing_on"), "0");
    });
    source.stop();
    expect(source.source()).toMatchObject({ status: "lost", detail: "somebody turned the tracing off" });
  });
});

describe.skipIf(lack !== null)(
  `nothing is left of the watching of system calls${lack === null ? "" : ` (${lack})`}`,
  () => {
    it("no instance, no mount and no open file, after it was stopped", async () => {
      const mounts = readFileSync("/proc/self/mountinfo", "latin1");
      const open = readdirSync("/proc/self/fd").length;
      const source = await watching();
      expect(readFileSync("/proc/self/mountinfo", "latin1")).toBe(mounts);
      expect(await withTracefs(ownInstances)).toHaveLength(1);
      source.stop();
      source.stop();
      expect(await withTracefs(ownInstances)).toEqual([]);
      expect(readdirSync("/proc/self/fd")).toHaveLength(open);
      expect(source.takeIn()).toEqual({ acts: [], births: [] });
    });

    it("the next start removes what a killed one left, and nothing of those that run", async () => {
      const killed = spawn(process.execPath, [watcherFile], { stdio: ["pipe", "pipe", "inherit"] });
      onTestFinished(() => void killed.kill("SIGKILL"));
      const [line] = (await once(killed.stdout, "data")) as [Buffer];
      expect(line.toString()).toBe("watching\n");
      const running = await watching();
      const names = await withTracefs((instances) => readdirSync(instances));
      const left = names.filter((name) => name.startsWith(`houseguest-${killed.pid}-`));
      expect(left).toHaveLength(1);
      killed.kill("SIGKILL");
      await once(killed, "exit");
      expect(await withTracefs((instances) => readdirSync(instances))).toContain(left[0]);
      await watching();
      expect(await withTracefs((instances) => readdirSync(instances))).not.toContain(left[0]);
      expect(await withTracefs(ownInstances)).toHaveLength(2);
      expect(running.source().status).toBe("done");
    });
  },
);

describe("where system calls cannot be watched, it says why", () => {
  it.skipIf(isRoot)("to an ordinary user (needs one)", async () => {
    expect(await CallSource.open()).toEqual({ refusal: expect.stringContaining("tracefs") });
  });

  it.skipIf(lack !== null || !canRun("unshare"))("in a PID namespace of its own (needs root and unshare)", () => {
    const output = execFileSync("unshare", ["--pid", "--fork", process.execPath, watcherFile], { encoding: "utf8" });
    expect(output).toContain("PID namespace");
  });
});

/** @param look told the directory of instances */
async function withTracefs<T>(look: (instances: string) => T): Promise<T> {
  const tracefs = await openTracefs();
  if ("refusal" in tracefs) throw new Error(tracefs.refusal);
  try {
    return look(join(tracefs.path, "instances"));
  } finally {
    tracefs.close();
  }
}

function ownInstances(instances: string): string[] {
  return readdirSync(instances).filter((name) => name.startsWith(`houseguest-${process.pid}-`));
}
