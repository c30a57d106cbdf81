import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { lineageOf, testRecorder } from "../testing/recorded-lineage.ts";
import { canRun, run, undo } from "../testing/planted.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { loadKernelCalls } from "./kernel-calls.ts";

const canMount = process.geteuid?.() === 0 && canRun("mount");
/** FAN_REPORT_MNT of fanotify_init(2), of Linux 6.14. */
const reportMount = 0x4001;

async function tellsMounts(): Promise<boolean> {
  const calls = await loadKernelCalls();
  const group = calls?.fanotifyInit(reportMount, 0) ?? -1;
  if (group >= 0) calls?.close(group);
  return group >= 0;
}

describe.skipIf(!canMount)("who mounted what (needs root and mount)", () => {
  it("is known exactly of mounts and unmounts that several made at the same time", async (context) => {
    if (!(await tellsMounts())) context.skip("needs Linux 6.14");
    const directory = temporaryDirectory();
    const points = ["one", "two", "three"].map((name) => join(directory, name));
    const old = join(directory, "old");
    for (const point of [...points, old]) {
      mkdirSync(point);
      undo("umount", point);
    }
    run("mount", "-t", "tmpfs", "houseguest-test", old);
    // All that they do comes at once when somebody asks.
    const recorder = await testRecorder({ asleep: true });
    const children = points.map((point) =>
      spawn("mount", ["-t", "tmpfs", "-o", "size=16k", "houseguest-test", point], { stdio: "inherit" }),
    );
    const unmounting = spawn("umount", [old], { stdio: "inherit" });
    for (const child of [...children, unmounting]) onTestFinished(() => void child.kill());
    await Promise.all([...children, unmounting].map((child) => once(child, "exit")));
    const recording = recorder.recording();
    const whoDid = (call: string, point: string) =>
      new Set(
        recording.acts
          .filter((act) => act.call === call && act.parameters["targets"] === point)
          .map(({ by }) => lineageOf(recording, by)[0]?.pid),
      );
    expect(points.map((point) => whoDid("mount", point))).toEqual(children.map(({ pid }) => new Set([pid])));
    expect(whoDid("umount2", old)).toEqual(new Set([unmounting.pid]));
  });
});
