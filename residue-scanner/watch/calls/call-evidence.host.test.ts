import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import {
  ask,
  callWatcher,
  instancesOf,
  lackForCalls,
  type Ran,
  watchedCalls,
  withInstances,
} from "../../testing/watched-calls.ts";
import { CallSource } from "./call-source.ts";

const isRoot = process.geteuid?.() === 0;
const lack = await lackForCalls();

describe.skipIf(lack !== null)(`what is lost of system calls is known${lack === null ? "" : ` (${lack})`}`, () => {
  const burst = (times: number): Ran => ask([["int setpriority(int which, int who, int value)", 0, 0, 0]], { times });

  it("a burst that fits is seen call by call", async () => {
    const source = await watchedCalls();
    const { pid } = burst(2_000);
    const { acts } = source.stop();
    expect(acts.filter(({ thread, call }) => thread === pid && call === "setpriority")).toHaveLength(2_000);
    expect(source.source().status).toBe("done");
  });

  it("a burst beyond the buffer's room is lost, and said to be", async () => {
    const source = await watchedCalls({ bufferKilobytes: 8 });
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
    const source = await watchedCalls();
    const [name = ""] = await instancesOf(process.pid);
    await withInstances((directory) => writeFileSync(join(directory, name, "tracing_on"), "0"));
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
      const source = await watchedCalls();
      expect(readFileSync("/proc/self/mountinfo", "latin1")).toBe(mounts);
      expect(await instancesOf(process.pid)).not.toEqual([]);
      source.stop();
      source.stop();
      expect(await instancesOf(process.pid)).toEqual([]);
      expect(readdirSync("/proc/self/fd")).toHaveLength(open);
      expect(source.takeIn()).toEqual({ acts: [], births: [] });
    });

    it("the next start removes what a killed one left, and nothing of those that run", async () => {
      const killed = spawn(process.execPath, [callWatcher], { stdio: ["pipe", "pipe", "inherit"] });
      onTestFinished(() => void killed.kill("SIGKILL"));
      const [line] = (await once(killed.stdout, "data")) as [Buffer];
      expect(line.toString()).toBe("watching\n");
      const running = await watchedCalls();
      const ofOne = await instancesOf(process.pid);
      expect(await instancesOf(killed.pid)).not.toEqual([]);
      killed.kill("SIGKILL");
      await once(killed, "exit");
      await watchedCalls();
      expect(await instancesOf(killed.pid)).toEqual([]);
      // Each watches by as many as the other, which the kernel's version decides.
      expect(await instancesOf(process.pid)).toHaveLength(2 * ofOne.length);
      expect(running.source().status).toBe("done");
    });
  },
);

describe("where system calls cannot be watched, it says why", () => {
  it.skipIf(isRoot)("to an ordinary user (needs one)", async () => {
    expect(await CallSource.open()).toEqual({ refusal: expect.stringContaining("tracefs") });
  });

  it.skipIf(lack !== null)("in a PID namespace of its own (needs root)", () => {
    const output = execFileSync("unshare", ["--pid", "--fork", process.execPath, callWatcher], { encoding: "utf8" });
    expect(output).toContain("PID namespace");
  });
});
