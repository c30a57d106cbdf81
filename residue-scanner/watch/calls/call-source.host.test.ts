import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { ActResolver } from "../../core/act-resolver.ts";
import type { RawAct } from "../../core/call-pairing.ts";
import type { Act } from "../../core/recording.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { ask, lackForCalls, type Ran, run, watchedCalls } from "../../testing/watched-calls.ts";
import type { CallSource } from "./call-source.ts";

const lack = await lackForCalls();

/** Pids stand for serials: none is used twice in so short a time. */
function actsOf(source: CallSource): Act[] {
  return resolverWith((pid) => pid).resolve(source.takeIn());
}

function resolverWith(serialAt: (pid: number) => number | null): ActResolver {
  return new ActResolver({ serialAt, beganNs: () => 0, parentOf: () => null, wallMs: (atNs) => atNs / 1e6 });
}

function canRun(program: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((directory) => existsSync(join(directory, program)));
}

const keyNumbers: Readonly<Record<string, number>> = { x64: 248, arm64: 217, riscv64: 217, loong64: 217 };

/** Everywhere but on x86 the numbers are those of asm-generic/unistd.h. */
const threadKill = process.arch === "x64" ? 200 : 130;

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
      ...ask([["int swapon(const char *path, int flags)", "/nothing/here", 0]]),
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
      const ran = ask([[add, keyNumbers[process.arch], "user", "houseguest", "value", 5, -2]]);
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
      const ran = ask([
        [open, name, 0o102, 0o600, null],
        ["int mq_unlink(const char *name)", name],
      ]);
      return { ...ran, expected: { call: "mq_unlink", returned: 0 } };
    },
  },
  ...(
    [
      ["by kill(2)", (pid) => [["int kill(int pid, int signal)", pid, 15]]],
      ["by kill(2) of a group", (pid) => [["int kill(int pid, int signal)", -pid, 15]]],
      [
        "with a value, by rt_sigqueueinfo(2)",
        (pid) => [["int sigqueue(int pid, int signal, size_t value)", pid, 15, 0]],
      ],
      ["by tkill(2)", (pid) => [["long syscall(long number, long thread, long signal)", threadKill, pid, 15]]],
    ] satisfies (readonly [string, (pid: number) => Parameters<typeof ask>[0]])[]
  ).map(
    ([how, questions]): Doing => ({
      what: `a signal that ends another process, ${how}`,
      needs: "sleep",
      do() {
        const victim = spawn("sleep", ["1000"], { detached: true });
        onTestFinished(() => void victim.kill("SIGKILL"));
        const parameters = { pid: String(victim.pid), signal: "SIGTERM" };
        return { ...ask(questions(Number(victim.pid))), expected: { call: "kill", parameters, returned: null } };
      },
    }),
  ),
];

describe.skipIf(lack !== null)(
  `system calls of short-lived processes are told${lack === null ? "" : ` (${lack})`}:`,
  () => {
    for (const doing of doings) {
      it.skipIf(!canRun(doing.needs))(`${doing.what} (needs ${doing.needs})`, async () => {
        const source = await watchedCalls();
        const { pid, expected, before = [] } = doing.do();
        const own = actsOf(source).filter(({ by, call }) => by === pid && call === expected.call);
        expect(own).toMatchObject([...before, expected]);
        expect(source.source()).toMatchObject({ status: "done", detail: "" });
      });
    }

    it("a call of a thread is its process's", async () => {
      const source = await watchedCalls();
      const declaration = "int sched_setscheduler(int pid, int policy, void *parameter)";
      const { pid } = ask([[declaration, process.pid, 99, null]], { place: "thread" });
      const batch = source.takeIn();
      const isIts = ({ call, parameters }: Pick<RawAct, "call" | "parameters">): boolean =>
        call === "sched_setscheduler" && parameters["policy"] === "99";
      const thread = batch.acts.find(isIts)?.thread;
      expect(thread).not.toBe(pid);
      const acts = resolverWith((one) => (one === thread ? null : one)).resolve(batch);
      expect(acts.filter(isIts).map(({ by }) => by)).toEqual([pid]);
    });

    it("a call whose ends are told only where it counts fails each time, and what is asked between is left out", async () => {
      const source = await watchedCalls();
      const [declaration, clearLoop, attributes] = [
        "int ioctl(int fd, size_t request, size_t argument)",
        0x4c01,
        0x5401,
      ];
      for (let round = 0; round < 2; round += 1) {
        const { pid } = ask([
          [declaration, -1, clearLoop, 0],
          [declaration, -1, attributes, 0],
        ]);
        const own = actsOf(source).filter(({ by, call }) => by === pid && call === "ioctl");
        expect(own).toMatchObject([{ parameters: { command: "LOOP_CLR_FD" }, returned: -9 }]);
      }
    });

    it("times are those of CLOCK_MONOTONIC", async () => {
      const source = await watchedCalls();
      const before = Number(process.hrtime.bigint());
      const { pid } = ask([["int swapoff(const char *path)", "/nothing/here"]]);
      const after = Number(process.hrtime.bigint());
      const [act] = source.takeIn().acts.filter(({ thread }) => thread === pid);
      expect(act?.atNs).toBeGreaterThan(before);
      expect(act?.atNs).toBeLessThan(after);
    });
  },
);
