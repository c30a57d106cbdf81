import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { hasFileSystem, withDetachedMount } from "../collectors/detached-mount.ts";
import { readProc } from "../collectors/proc.ts";
import { coveredPath } from "../core/covered-path.ts";
import { testRecorder } from "../testing/recorded-lineage.ts";
import { canRun, isRoot, run, undo } from "../testing/planted.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { ask, run as ran } from "../testing/watched-calls.ts";
import type { Recorder } from "./recorder.ts";

const fileSystems = isRoot ? (readProc("/proc/filesystems") ?? "") : "";
const name = `left-${process.pid}`;

/** Pids of those who made something of these names. */
function makersOf(recorder: Recorder, paths: readonly string[]): (number | undefined)[][] {
  const touches = recorder.touchesOf(paths);
  const { processes } = recorder.recording();
  return paths.map((path) =>
    (touches.get(path) ?? []).filter(({ kinds }) => kinds.includes("created")).map(({ by }) => processes.get(by)?.pid),
  );
}

describe.skipIf(!isRoot)("the recorder knows who made (needs root)", () => {
  it("a file whose path is longer than the kernel takes", async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder();
    const deep = "d".repeat(200);
    const make = `use strict; chdir $ARGV[0] or die; for (1..50) { mkdir "${deep}" or die; chdir "${deep}" or die } open my $f, ">", "end" or die`;
    const { pid } = ran("perl", "-e", make, directory);
    const path = `${directory}/${`${deep}/`.repeat(50)}end`;
    expect(makersOf(recorder, [path])).toEqual([[pid]]);
  });

  it.skipIf(!canRun("mount"))("a file that a mount covers (needs mount)", async () => {
    const directory = temporaryDirectory();
    const [point, view] = [join(directory, "point"), join(directory, "view")];
    for (const each of [point, view]) mkdirSync(each);
    undo("umount", point);
    run("mount", "-t", "tmpfs", "-o", "size=16k", "houseguest-test", point);
    const recorder = await testRecorder();
    const script = 'mount --bind "$1" "$2"; echo covered > "$2/point/file"; exec true';
    const { pid } = ran("unshare", "--mount", "sh", "-ec", script, "sh", directory, view);
    writeFileSync(join(point, "file"), "on it");
    expect(makersOf(recorder, [`${coveredPath(point)}/file`, join(point, "file")])).toEqual([[pid], [process.pid]]);
  });

  it.skipIf(!hasFileSystem("mqueue", fileSystems))("each of two message queues (needs mqueue)", async () => {
    const names = [`${name}-a`, `${name}-b`];
    onTestFinished(() => {
      withDetachedMount("mqueue", (queues) => {
        for (const each of names) rmSync(`${queues}/${each}`, { force: true });
      });
    });
    const recorder = await testRecorder();
    const declared = "int mq_open(const char *name, int flags, unsigned int mode, uintptr_t attributes)";
    const pids = names.map((each) => ask([[declared, `/${each}`, 0o102, 0o600, 0]]).pid);
    expect(makersOf(recorder, [`/dev/mqueue/${names[0]}`, `/dev/mqueue/${names[1]}`])).toEqual(
      pids.map((pid) => [pid]),
    );
  });

  it.skipIf(!hasFileSystem("tracefs", fileSystems))("an instance of the tracer in its own mount", async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => {
      withDetachedMount("tracefs", (tracing) => rmdirSync(`${tracing}/instances/${name}`));
    });
    const recorder = await testRecorder();
    const script = 'mount -t tracefs trace "$1"; exec mkdir "$1/instances/$2"';
    const { pid } = ran("unshare", "--mount", "sh", "-ec", script, "sh", directory, name);
    expect(makersOf(recorder, [`/sys/kernel/tracing/instances/${name}`])).toEqual([[pid]]);
  });
});
