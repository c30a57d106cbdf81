import { spawnSync } from "node:child_process";

import { describe, expect, it, onTestFinished } from "vitest";

import { changesMounts } from "../../core/mount-changes.ts";
import type { Act, Recording } from "../../core/recording.ts";
import { lineageOf, sourceOf, testRecorder } from "../../testing/recorded-lineage.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { ask, instancesOf, lackForCalls } from "../../testing/watched-calls.ts";

const lack = await lackForCalls();

function shell(script: string): number {
  const { pid, status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return pid;
}

/** What a process and its descendants did. */
function actsBelow(recording: Recording, pid: number): Act[] {
  return recording.acts.filter(({ by }) => lineageOf(recording, by).some((one) => one.pid === pid));
}

describe.skipIf(lack !== null)(`a recording's system calls${lack === null ? "" : ` (${lack})`}`, () => {
  it("are each of the short-lived process that made it, and that of who started it", async () => {
    const recorder = await testRecorder();
    const pid = shell("i=0; while [ $i -lt 300 ]; do renice -n 0 -p $$ >/dev/null; i=$((i+1)); done");
    const recording = await recorder.stop();
    const acts = actsBelow(recording, pid).filter(({ call }) => call === "setpriority");
    expect(acts).toHaveLength(300);
    expect(new Set(acts.map(({ by }) => by)).size).toBe(300);
    expect(acts.filter(({ by }) => lineageOf(recording, by)[1]?.pid !== pid)).toEqual([]);
    expect(acts.filter(({ parameters }) => parameters["who"] !== String(pid))).toEqual([]);
    expect(sourceOf(recording, "calls")).toMatchObject({ status: "done", detail: "" });
    expect(await instancesOf(process.pid)).toEqual([]);
  });

  it("are told apart from the host's where they were made in namespaces of their own", async (context) => {
    const flags = ["--mount", "--uts", "--ipc"];
    if (spawnSync("unshare", [...flags, "true"]).status !== 0) context.skip("no namespaces here");
    const recorder = await testRecorder();
    const script = "mount -t tmpfs left /mnt; hostname guest; ipcmk -Q >/dev/null";
    const pid = shell(`exec unshare ${flags.join(" ")} sh -c '${script}'`);
    const recording = await recorder.stop();
    const apartOf = (call: string) => actsBelow(recording, pid).findLast((act) => act.call === call)?.apart;
    expect(apartOf("unshare")).toBeUndefined();
    expect(apartOf("mount")).toEqual(["ipc", "mnt", "uts"]);
    expect(apartOf("sethostname")).toEqual(["ipc", "mnt", "uts"]);
    expect(apartOf("msgget")).toEqual(["ipc", "mnt", "uts"]);
  });

  it("say where it was mounted, if nobody else did in the same moment", async (context) => {
    const recorder = await testRecorder();
    const point = temporaryDirectory();
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4k", "left", point]);
    if (mounted.status !== 0) context.skip("nothing can be mounted here");
    onTestFinished(() => void spawnSync("umount", ["--lazy", point]));
    recorder.recording();
    const unmounted = spawnSync("umount", [point]);
    const recording = await recorder.stop();
    // Mount events (Linux 6.14) tell of the same, without the call's flags.
    const traced = recording.acts.filter((act) => changesMounts(act) && act.parameters["flags"] !== undefined);
    const targets = (pid: number) =>
      actsBelow(recording, pid).flatMap((act) => (traced.includes(act) ? [act.parameters["targets"]] : []));
    // Where two may have done it, it is told of neither.
    const ours = [mounted.pid, unmounted.pid].flatMap((pid) => actsBelow(recording, pid));
    if (traced.some((act) => !ours.includes(act))) context.skip("somebody else mounted something meanwhile");
    expect(targets(mounted.pid)).toEqual([point]);
    expect(targets(unmounted.pid)).toEqual([point]);
  });

  it("are known to be lost where they are more than there is room for", async () => {
    const recorder = await testRecorder({ callRoomKilobytes: 8 });
    ask([["int setpriority(int which, int who, int value)", 0, 0, 0]], { times: 100_000 });
    const recording = await recorder.stop();
    expect(sourceOf(recording, "calls").status).toBe("lost");
    expect(sourceOf(recording, "calls").detail).toMatch(/^\d+ events of system calls were lost/);
  });
});
