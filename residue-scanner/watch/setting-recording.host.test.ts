import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, readdirSync, readFileSync } from "node:fs";

import { describe, expect, it, onTestFinished } from "vitest";

import { orderCall } from "../core/recording.ts";
import { fanotifyGroups } from "../testing/fanotify-groups.ts";
import { lineageOf, sourceOf, testRecorder } from "../testing/recorded-lineage.ts";
import type { Recorder } from "./recorder.ts";

const canWatch = process.geteuid?.() === 0 && process.platform === "linux";
const setting = "/proc/sys/kernel/printk_ratelimit_burst";

/** Runs a script to its end, and returns the pid that it had. */
async function shell(script: string, ...parameters: string[]): Promise<number> {
  const child = spawn("sh", ["-ec", script, "sh", ...parameters], { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  return child.pid ?? 0;
}

/** Writes what stands there already, so that nothing is to be undone. */
const rewrite = 'value=$(cat "$1"); echo "$value" > "$1"';

function writersOf(recorder: Recorder, path: string): number[][] {
  const touches = recorder.touchesOf([path]).get(path) ?? [];
  const recording = recorder.recording();
  expect(touches.every(({ kinds }) => kinds.join() === "modified")).toBe(true);
  return touches.map(({ by }) => lineageOf(recording, by).map(({ pid }) => pid));
}

describe.skipIf(!canWatch)("who wrote to /proc and /sys (needs root on Linux)", () => {
  it("is known of a setting of the kernel, and who only read it is not named", async (context) => {
    if (spawnSync("sh", ["-ec", rewrite, "sh", setting]).status !== 0) context.skip("settings are read-only here");
    const recorder = await testRecorder();
    const pid = await shell(`(${rewrite})`, setting);
    await shell('cat "$1"', setting);
    const writers = writersOf(recorder, setting).filter((line) => line.includes(process.pid));
    expect(writers).toHaveLength(1);
    expect(writers[0]).toContain(pid);
  });

  it("is known of a setting of a device, by whatever link it is named", async (context) => {
    const links = (existsSync("/sys/block") ? readdirSync("/sys/block") : []).map(
      (name) => `/sys/block/${name}/queue/read_ahead_kb`,
    );
    const path = links.find((each) => spawnSync("sh", ["-ec", rewrite, "sh", each]).status === 0);
    if (path === undefined) return context.skip("no device can be set here");
    const recorder = await testRecorder();
    const pid = await shell(rewrite, path);
    expect(writersOf(recorder, path).filter(([writer]) => writer === pid)).toHaveLength(1);
  });

  it("is known of an order to a file that can only be written to, where the kernel tells of those", async (context) => {
    const [bus] = readdirSync("/sys/bus");
    const recorder = await testRecorder();
    if (recorder.recording().seesOrders !== true)
      context.skip("this kernel does not tell of files that it cannot open");
    // Tells whoever listens for devices that nothing has changed.
    const pid = await shell('echo change > "/sys/bus/$1/uevent"', bus ?? "");
    const { acts, processes } = recorder.recording();
    const orders = acts.filter(({ call }) => call === orderCall).map(({ by }) => processes.get(by)?.pid);
    expect(orders).toContain(pid);
  });

  it("is known of a setting of a process that ran before", async () => {
    const other = spawn("sleep", ["1000"]);
    onTestFinished(() => void other.kill("SIGKILL"));
    await once(other, "spawn");
    const recorder = await testRecorder();
    const path = `/proc/${other.pid}/oom_score_adj`;
    const pid = await shell('echo 321 > "$1"', path);
    expect(readFileSync(path, "utf8")).toBe("321\n");
    expect(writersOf(recorder, path).map(([writer]) => writer)).toEqual([pid]);
  });

  it("is not said of who set the same in a network namespace of its own", async (context) => {
    if (spawnSync("unshare", ["--net", "true"]).status !== 0) context.skip("no network namespaces here");
    const path = "/proc/sys/net/ipv4/ip_forward";
    const recorder = await testRecorder();
    await shell(`exec unshare --net sh -ec 'echo 1 > "$1"' sh "$1"`, path);
    expect(writersOf(recorder, path).filter((line) => line.includes(process.pid))).toEqual([]);
  });

  it("is called lost when the kernel's events of it end", async () => {
    const recorder = await testRecorder();
    const [group, ...more] = fanotifyGroups().filter(({ tellsNames }) => !tellsNames);
    expect(more).toEqual([]);
    closeSync(group?.descriptor ?? -1);
    const source = sourceOf(await recorder.stop(), "files");
    expect(source).toMatchObject({ status: "lost", detail: expect.stringContaining("/proc and /sys ended: EBADF") });
  });
});
