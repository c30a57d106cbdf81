import { describe, expect, it } from "vitest";

import { leftoverDaemon } from "../testing/leftover-daemon.ts";
import { processFixture } from "../testing/snapshot-fixture.ts";
import { ancestry, collectProcesses, processesFromPs, readProcess } from "./processes.ts";
import { concludeReading } from "./processes/read-process.ts";

describe("the processes collector without /proc", () => {
  it("knows processes by what ps tells, and claims to know no more", async () => {
    const pid = await leftoverDaemon("ready()", { HOUSEGUEST_RUN: "the run" });
    const facts = await processesFromPs();
    expect(facts.find((fact) => fact.pid === process.pid)).toMatchObject({
      parent: process.ppid,
      marks: null,
      cgroup: null,
    });
    expect(facts.some((fact) => fact.pid === pid && fact.startTime !== "0")).toBe(true);
  });
});

describe.skipIf(process.platform !== "linux")("the processes collector (needs /proc)", () => {
  it("sees this process with its parents, command line and directory", async () => {
    const { processes, reading } = await collectProcesses();
    const own = processes.find(({ pid }) => pid === process.pid);
    expect(own).toMatchObject({
      parent: process.ppid,
      executable: process.execPath,
      workingDirectory: process.cwd(),
      uid: process.getuid?.(),
      kernelThread: false,
    });
    expect(
      ancestry(process.pid, processes)
        .map(({ pid }) => pid)
        .slice(0, 2),
    ).toEqual([process.pid, process.ppid]);
    expect(reading.facts).toBe(processes.length);
    expect(reading.status).not.toBe("failed");
  });

  it("finds a daemon that forked twice and cleared its environment; its start time tells it from another with its pid", async () => {
    const before = await collectProcesses();
    const pid = await leftoverDaemon("ready()");
    const { processes } = await collectProcesses();
    const daemon = processes.find((fact) => fact.pid === pid);
    expect(before.processes.some((fact) => fact.pid === pid && fact.startTime === daemon?.startTime)).toBe(false);
    expect(daemon).toMatchObject({ session: pid, marks: {} });
    expect(daemon?.parent).not.toBe(process.pid);
    expect(Number(daemon?.startTime)).toBeGreaterThan(Number(readProcess(process.pid)?.startTime));
  });

  it("keeps the project's own variables of an environment and nothing else", async () => {
    const pid = await leftoverDaemon("ready()", { HOUSEGUEST_RUN: "the run", SECRET: "never to be kept" });
    const fact = readProcess(pid);
    expect(fact?.marks).toEqual({ HOUSEGUEST_RUN: "the run" });
    expect(JSON.stringify(fact)).not.toContain("never to be kept");
  });

  it("knows the kernel's threads by their flag, not by a name in brackets", async (context) => {
    const pid = await leftoverDaemon('process.title = "[kworker/0:1]"; ready()');
    expect(readProcess(pid)).toMatchObject({ kernelThread: false, commandLine: "[kworker/0:1]" });
    const { processes } = await collectProcesses();
    const kernel = processes.filter(({ kernelThread }) => kernelThread);
    if (kernel.length === 0) context.skip("no threads of the kernel are visible in this PID namespace");
    expect(kernel.every(({ executable, commandLine }) => executable === null && commandLine === "")).toBe(true);
  });

  it("does not take a process that ends while it is read for another user's", () => {
    const fact = { ...processFixture({ pid: 9 }), marks: null };
    const stat = { flags: 0, startTime: fact.startTime };
    expect(concludeReading(fact, { ...stat, state: "S" })?.marks).toBeNull();
    expect(concludeReading(fact, { ...stat, state: "Z" })).toMatchObject({ state: "Z", marks: {} });
    const exitingFlag = 0x4;
    expect(concludeReading(fact, { ...stat, state: "R", flags: exitingFlag })?.marks).toEqual({});
    expect(concludeReading(fact, { ...stat, state: "S", startTime: "another" })).toBeNull();
    expect(concludeReading(fact, null)).toBeNull();
  });

  it("says nothing about a process that is gone", () => {
    expect(readProcess(2 ** 22 + 1)).toBeNull();
  });
});
