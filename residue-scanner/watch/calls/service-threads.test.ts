import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { threadFlag } from "../../core/kernel-constants.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { type ServiceSigns, ServiceThreads } from "./service-threads.ts";
import { procThreads, type ThreadLooks } from "./thread-looks.ts";

interface Running {
  program: string;
  startTime?: string;
  threads: number[];
  serves?: boolean;
}

const second = 1e9;
const own = 999;

/** What runs, by pid, of which each look sees what is there by then. */
function host(services: Readonly<Record<number, Partial<Running>>>) {
  const running = new Map<number, Running>();
  const run = (pid: number, parts: Partial<Running> = {}) => {
    running.set(pid, { program: "/opt/service", ...parts, threads: [pid, ...(parts.threads ?? [])] });
  };
  for (const [pid, parts] of Object.entries(services)) run(Number(pid), { serves: true, ...parts });
  const of = (thread: number) => [...running.values()].find(({ threads }) => threads.includes(thread));
  const looks: ThreadLooks = {
    services: () => Object.keys(services).map(Number),
    servesAtName: (process) => running.get(process)?.serves ?? false,
    threadsOf: (thread) => of(thread)?.threads ?? [],
    startTimeOf: (thread) => (of(thread) === undefined ? null : (of(thread)?.startTime ?? "1")),
    programOf: (thread) => of(thread)?.program ?? null,
    isOfThisProcess: (process) => process === own,
  };
  const threads = new ServiceThreads(looks);
  let nowNs = second;
  const follow = (signs: Partial<ServiceSigns>, afterNs = 0) =>
    threads.follow({ births: [], serving: [], ...signs }, (nowNs += afterNs));
  return { run, end: (pid: number) => running.delete(pid), threads, follow, running };
}

const makes = (thread: number, made: number, flags = 0, atNs = second) => ({ thread, made, flags, atNs });
const begins = (thread: number, made: number) => makes(thread, made, threadFlag);

describe("the threads of services", () => {
  it("are also those that they begin, and nobody else's", () => {
    const { run, threads, follow } = host({ 10: {} });
    run(10, { serves: true, threads: [11, 12, 13] });
    expect(follow({ births: [begins(10, 11)] })).toBe("followers");
    // Also of those of the same reading.
    const births = [begins(11, 12), begins(12, 13), begins(90, 91)];
    expect(follow({ births })).toBe("followers");
    expect(threads.all).toEqual([10, 11, 12, 13]);
    expect(follow({ births })).toBe("nobody");
  });

  it("were none before they were begun", () => {
    const { run, threads, follow } = host({ 10: {} });
    run(10, { threads: [11] });
    follow({ births: [makes(10, 11, threadFlag, 5 * second)] });
    expect([threads.has(11, 4 * second), threads.has(11, 5 * second), threads.has(10, 0)]).toEqual([false, true, true]);
  });

  it("are no more when they have ended, whoever has their ids then", () => {
    const { run, end, threads, follow } = host({ 10: { threads: [11] }, 20: {}, 30: {} });
    end(20);
    run(30, { startTime: "7" });
    follow({}, second);
    expect(threads.all).toEqual([10, 11]);
    follow({ births: [begins(90, 11)] });
    expect(threads.all).toEqual([10]);
  });
});

describe("whoever names a socket", () => {
  it("serves where others can come to it", () => {
    const { run, threads, follow } = host({});
    run(40, { serves: true, threads: [41] });
    expect(follow({ serving: [41] })).toBe("services");
    expect(threads.all).toEqual([40, 41]);
  });

  it("is looked at for a while: the call was told when it began", () => {
    const { run, follow, running } = host({});
    run(40);
    expect(follow({ serving: [40] })).toBe("nobody");
    (running.get(40) as Running).serves = true;
    // Not in the same moment.
    expect([follow({}), follow({}, second)]).toEqual(["nobody", "services"]);
  });

  it("serves nobody with a socket that asks the kernel (netlink(7)), or is of the run", () => {
    const { run, threads, follow } = host({});
    run(40, { threads: [41, 42] });
    run(own, { serves: true });
    follow({ serving: [41, own] });
    for (let look = 0; look < 20; look += 1) follow({}, second);
    expect(threads.all).toEqual([]);
  });
});

describe("a process that a service makes", () => {
  it("may serve as long as it goes on with the program", () => {
    const { run, threads, follow } = host({ 10: {} });
    run(50);
    run(51, { program: "/bin/sh" });
    expect(follow({ births: [makes(10, 50), makes(10, 51)] })).toBe("followers");
    expect(threads.all).toEqual([10, 50]);
  });

  it("does not when it was looked at before it ran another one, nor does what comes from that", () => {
    const { run, threads, follow } = host({ 10: {} });
    run(50);
    follow({ births: [makes(10, 50)] });
    run(50, { program: "/bin/sh", threads: [53] });
    run(52, { program: "/bin/sh" });
    follow({ births: [makes(50, 52), begins(50, 53)] });
    follow({}, second);
    expect(threads.all).toEqual([10]);
  });

  it("goes on serving where it runs another program at a named socket", () => {
    const { run, threads, follow } = host({ 10: {} });
    run(10, { program: "/opt/service (deleted)", serves: true });
    follow({}, second);
    expect(threads.all).toEqual([10]);
  });

  it("serves, as a child of the service manager, only with a program and a named socket of its own", () => {
    const { run, threads, follow } = host({ 1: { program: "/sbin/init" } });
    for (const pid of [60, 61]) run(pid, { program: "/sbin/init", serves: true });
    expect(follow({ births: [makes(1, 60), makes(1, 61)] })).toBe("nobody");
    run(60, { program: "/opt/handed", serves: true });
    run(61, { program: "/opt/other" });
    expect(follow({}, second)).toBe("services");
    expect(threads.all).toEqual([1, 60]);
  });
});

describe.skipIf(process.platform !== "linux")("what /proc shows of threads", () => {
  it("is who waits at a socket with a name", async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const path = join(temporaryDirectory(), "door");
    const other = spawn("sleep", ["600"], { stdio: "ignore" });
    onTestFinished(() => void other.kill("SIGKILL"));
    await once(other, "spawn");
    expect(procThreads.servesAtName(other.pid as number)).toBe(false);
    await once(server.listen(path), "listening");
    expect(procThreads.servesAtName(process.pid)).toBe(true);
    expect(procThreads.services()).not.toContain(process.pid);
  });

  it("is the process of a thread, first", () => {
    const threads = procThreads.threadsOf(process.pid);
    expect(threads[0]).toBe(process.pid);
    expect(procThreads.threadsOf(threads.at(-1) as number)).toEqual(threads);
    // No pid is as high as this (pid_max is 2^22).
    expect([procThreads.threadsOf(5_000_000), procThreads.startTimeOf(5_000_000)]).toEqual([[], null]);
    expect(procThreads.isOfThisProcess(process.pid)).toBe(true);
  });
});
