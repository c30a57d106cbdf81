import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, closeSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import type { Touch } from "../core/recording.ts";
import { fanotifyGroups } from "../testing/fanotify-groups.ts";
import { lineageOf, sourceOf, testRecorder } from "../testing/recorded-lineage.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import type { Recorder } from "./recorder.ts";

const isRoot = process.geteuid?.() === 0;
const canWatch = isRoot && process.platform === "linux";
const { HOUSEGUEST_WRITERS: writersWanted } = process.env;
/** A tenth of the processors' time is enough to see whether the recorder keeps up on a busy machine. */
const writers = Number(writersWanted ?? 2_000);
const roots = 4;

/** Runs a script to its end, and returns the pid that it had. */
async function shell(script: string, ...parameters: string[]): Promise<number> {
  const child = spawn("sh", ["-c", script, "sh", ...parameters], { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  return child.pid ?? 0;
}

/** Processes that take all processor time that they get; they end with the test, or by themselves. */
function keepProcessorsBusy(count: number): void {
  for (let index = 0; index < count; index += 1) {
    const child = spawn("sh", ["-c", "ulimit -t 100; while :; do :; done"], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
  }
}

function touchesOf(recorder: Recorder, path: string): readonly Touch[] {
  return recorder.touchesOf([path]).get(path) ?? [];
}

/** `created+modified` of each who touched it, the first first. */
function kindsAt(recorder: Recorder, path: string): string[] {
  return touchesOf(recorder, path).map(({ kinds }) => kinds.join("+"));
}

describe.skipIf(!canWatch)("the recorder (needs root on Linux)", () => {
  it(`attributes each of ${writers} short-lived writers to its root while the processors are busy`, async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder();
    keepProcessorsBusy(3);
    const script = 'i=0; while [ $i -lt $2 ]; do (: > "$1-$i"); i=$((i+1)); done';
    const share = Math.ceil(writers / roots);
    const prefixes = Array.from({ length: roots }, (_, root) => join(directory, `of-${root}`));
    const pids = await Promise.all(prefixes.map((prefix) => shell(script, prefix, String(share))));
    const paths = prefixes.flatMap((prefix) => Array.from({ length: share }, (_, index) => `${prefix}-${index}`));
    const touches = recorder.touchesOf(paths);
    const recording = await recorder.stop();
    const wrong = paths.filter((path) => {
      const [touch, ...others] = touches.get(path) ?? [];
      const line = lineageOf(recording, touch?.by ?? -1).map(({ pid }) => pid);
      return others.length > 0 || line[0] === line[1] || line[1] !== pids[prefixes.indexOf(path.replace(/-\d+$/, ""))];
    });
    expect(wrong).toEqual([]);
    expect(sourceOf(recording, "files").status).not.toBe("lost");
    expect(sourceOf(recording, "processes")).toMatchObject({ status: "done", detail: "" });
  });

  it("attributes a daemon in a session, an environment and a PID namespace of its own", async (context) => {
    if (spawnSync("unshare", ["--pid", "--fork", "true"]).status !== 0) context.skip("no PID namespaces here");
    const path = join(temporaryDirectory(), "written");
    const recorder = await testRecorder();
    const daemon = `(env -i setsid sh -c '(: > "$1")' sh "$1" &); while [ ! -e "$1" ]; do :; done`;
    const pid = await shell(`unshare --pid --fork sh -c "$2" sh "$1"`, path, daemon);
    const [touch] = touchesOf(recorder, path);
    const line = lineageOf(recorder.recording(), touch?.by ?? -1).map(({ pid }) => pid);
    expect(line).toContain(pid);
    expect(line).toContain(process.pid);
    expect(line.indexOf(pid)).toBeGreaterThan(2);
  });

  it("says who did what to a name, whatever it is called and wherever its directory was moved", async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder();
    const odd = `${directory}/new\nline\xff`;
    writeFileSync(Buffer.from(odd, "latin1"), "x");
    mkdirSync(join(directory, "first"));
    writeFileSync(join(directory, "first/tmp"), "x");
    await shell('mv "$1/first/tmp" "$1/first/kept"; touch "$1/gone"; rm "$1/gone"', directory);
    renameSync(join(directory, "first"), join(directory, "second"));
    chmodSync(join(directory, "second"), 0o700);
    expect(kindsAt(recorder, odd)).toEqual(["created+modified"]);
    expect(kindsAt(recorder, join(directory, "second"))).toEqual(["moved-to+attributes+modified", "modified"]);
    expect(kindsAt(recorder, join(directory, "second/kept"))).toEqual(["modified", "moved-to"]);
    // A reading may have seen them meanwhile.
    expect(kindsAt(recorder, join(directory, "gone"))).toEqual(["created+attributes+modified", "deleted"]);
    expect(kindsAt(recorder, join(directory, "first"))).toEqual(["created+moved-from"]);
    expect(kindsAt(recorder, join(directory, "second/tmp"))).toEqual(["created+modified", "moved-from"]);
    expect(kindsAt(recorder, join(directory, "no/such/place"))).toEqual([]);
    const { processes } = recorder.recording();
    const [own, other] = touchesOf(recorder, join(directory, "second/kept")).map(({ by }) => processes.get(by));
    expect(own).toMatchObject({ pid: process.pid, isOlder: true });
    expect(other).toMatchObject({ isOlder: false });
    expect(other?.executable).toMatch(/\/(mv|busybox|coreutils)$/);
  });

  it("says in which directories those that it was started with went on to change something", async () => {
    const [directory, quiet] = [temporaryDirectory(), temporaryDirectory()];
    const recorder = await testRecorder();
    const ofHere = async () => {
      const changed = await recorder.askChangedDirectories();
      return changed.filter((path) => path.startsWith(directory) || path === quiet).sort();
    };
    await shell(': > "$1/early"', directory);
    expect(await ofHere()).toEqual([]);
    await shell('mkdir -p "$1/a/b" "$1/c"; : > "$1/a/b/f"; cat "$2"/* || :', directory, quiet);
    expect(await ofHere()).toEqual([directory, `${directory}/a`, `${directory}/a/b`]);
    await shell('echo x >> "$1/a/b/f"; chmod 700 "$1/c"', directory);
    const changed = await ofHere();
    expect(changed).toContain(`${directory}/a/b`);
    expect(changed).toContain(directory);
  });

  it("says who gave a file another name, which is gone again with its directory", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "kept");
    writeFileSync(path, "x");
    const recorder = await testRecorder();
    await shell('mkdir "$1/clone"; ln "$1/kept" "$1/clone/kept"; rm -r "$1/clone"', directory);
    const touches = touchesOf(recorder, path);
    const { processes } = recorder.recording();
    expect(touches.map(({ kinds, isOfLinks }) => [kinds, isOfLinks])).toEqual([
      [["attributes"], true],
      [["attributes"], true],
    ]);
    const programs = touches.map(({ by }) => processes.get(by)?.executable);
    expect(programs).toEqual([expect.stringMatching(/\/(?:ln|busybox|coreutils)$/), expect.stringMatching(/./)]);
    expect(new Set(touches.map(({ by }) => by)).size).toBe(2);
  });

  it("says who removed what was in a directory that is gone, also where another has its name now", async () => {
    const directory = temporaryDirectory();
    for (const name of ["gone", "again"]) mkdirSync(join(directory, name, "below"), { recursive: true });
    for (const name of ["gone", "again"]) writeFileSync(join(directory, name, "below/file"), "x");
    const recorder = await testRecorder();
    const pid = await shell('rm -r "$1/gone" "$1/again"; mkdir -p "$1/again/below"', directory);
    for (const name of ["gone", "again"]) {
      const path = join(directory, name, "below/file");
      expect(kindsAt(recorder, path)).toEqual(["deleted"]);
      const [touch] = touchesOf(recorder, path);
      expect(lineageOf(recorder.recording(), touch?.by ?? -1).map((each) => each.pid)).toContain(pid);
    }
  });

  it("tells what happens as it happens, with paths and processes", async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder({ live: true });
    const pid = await shell('mkdir "$1/d"; echo x > "$1/d/f"', directory);
    const { touches, processes, missed } = recorder.news();
    const ours = touches.filter(({ path }) => path?.startsWith(directory) === true);
    expect(ours.map(({ path, kinds }) => [path, kinds.join("+")])).toEqual([
      [join(directory, "d"), "created"],
      [join(directory, "d/f"), "created+modified"],
    ]);
    expect(processes.get(ours[1]?.by ?? -1)?.pid).toBe(pid);
    expect(missed).toBe(0);
    expect(recorder.news().touches.filter(({ path }) => path?.startsWith(directory))).toEqual([]);
  });

  it("watches what is mounted later, and says that its first moments are missing", async (context) => {
    const point = temporaryDirectory();
    const recorder = await testRecorder();
    onTestFinished(() => void spawnSync("umount", ["--lazy", point]));
    if (spawnSync("mount", ["-t", "tmpfs", "houseguest-test", point]).status !== 0) context.skip("no mounting here");
    expect(sourceOf(recorder.recording(), "files")).toMatchObject({
      status: "partial",
      detail: expect.stringContaining(`${point} was mounted later`),
    });
    writeFileSync(join(point, "f"), "x");
    expect(kindsAt(recorder, join(point, "f"))).toEqual(["created+modified"]);
    // What is not there any more can be compared with nothing: its first moments are missed by nobody.
    expect(spawnSync("umount", [point]).status).toBe(0);
    expect(sourceOf(recorder.recording(), "files").detail).not.toContain(`${point} was mounted later`);
  });

  it("goes on answering after it was stopped, with what it knew then", async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder();
    writeFileSync(join(directory, "before"), "x");
    const recording = await recorder.stop();
    writeFileSync(join(directory, "after"), "x");
    expect(kindsAt(recorder, join(directory, "before"))).toEqual(["created+modified"]);
    expect(kindsAt(recorder, join(directory, "after"))).toEqual([]);
    expect(recorder.recording()).toBe(recording);
    await recorder.close();
    await recorder.close();
  });

  it("knows who had a pid at a time", async () => {
    const recorder = await testRecorder();
    const pid = await shell("exit 0");
    const [serial, nobody] = recorder.holdersOf([
      { pid, atMs: Date.now() },
      { pid: 2 ** 22 + 1, atMs: Date.now() },
    ]);
    expect(recorder.recording().processes.get(serial ?? -1)).toMatchObject({ pid });
    expect(nobody).toBeNull();
  });
});

describe.skipIf(!canWatch)("evidence that is lost is called lost (needs root on Linux):", () => {
  it("more file events than the kernel's queue holds", async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder({ limitedQueue: true, asleep: true });
    for (let index = 0; index < 20_000; index += 1) closeSync(openNew(join(directory, String(index))));
    const files = sourceOf(await recorder.stop(), "files");
    expect(files).toMatchObject({ status: "lost", detail: expect.stringContaining("overflowed") });
  });

  it("more process events than there is room for", async () => {
    const recorder = await testRecorder({ processRoomBytes: 1, asleep: true });
    await shell("i=0; while [ $i -lt 50 ]; do (:); i=$((i+1)); done");
    const processes = sourceOf(await recorder.stop(), "processes");
    expect(processes).toMatchObject({ status: "lost", detail: expect.stringContaining("had no room") });
  });

  it("more touches than are kept", async () => {
    const directory = temporaryDirectory();
    const recorder = await testRecorder({ touchesMax: 50 });
    for (let index = 0; index < 100; index += 1) closeSync(openNew(join(directory, String(index))));
    expect(sourceOf(await recorder.stop(), "files")).toMatchObject({
      status: "lost",
      detail: expect.stringContaining("more than the 50 that are kept"),
    });
  });

  it("more files that one made and another took away than are kept", async () => {
    const recorder = await testRecorder({ takingsMax: 0 });
    await shell('(: > "$1"); rm "$1"', join(temporaryDirectory(), "order"));
    expect(sourceOf(await recorder.stop(), "files")).toMatchObject({
      status: "lost",
      detail: expect.stringContaining("another took away were more than are kept"),
    });
  });

  it("file events that end before they should", async () => {
    const recorder = await testRecorder();
    const [group, ...more] = fanotifyGroups().filter(({ tellsNames }) => tellsNames);
    expect(more).toEqual([]);
    closeSync(group?.descriptor ?? -1);
    const recording = await recorder.stop();
    expect(sourceOf(recording, "files")).toMatchObject({ status: "lost", detail: expect.stringContaining("EBADF") });
    expect(sourceOf(recording, "processes").status).toBe("done");
  });

  it("a recorder that dies", async () => {
    const recorder = await testRecorder();
    // No path at all: the thread trips over it.
    expect(recorder.touchesOf([null as unknown as string]).size).toBe(1);
    expect(recorder.recording().sources.map(({ status }) => status)).toEqual(["lost", "lost", "lost"]);
    const { sources } = await recorder.stop();
    expect(sources.map(({ status }) => status)).toEqual(["lost", "lost", "lost"]);
    expect(sources[0]?.detail).toContain("null");
  });
});

function openNew(path: string): number {
  return openSync(path, "wx");
}

describe("the recorder of a program", () => {
  const module = join(import.meta.dirname, "recorder.ts");
  const run = (script: string, user: { uid?: number; gid?: number } = {}) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", ...user, timeout: 100_000 });

  it.skipIf(!isRoot)(
    "of somebody without rights says what it may not see (needs root to be somebody else)",
    (context) => {
      const mayRead = run(`await import(${JSON.stringify(module)})`, { uid: 65534, gid: 65534 }).status === 0;
      if (!mayRead) context.skip("this checkout cannot be read by other users");
      const script = `
      const { startRecorder } = await import(${JSON.stringify(module)});
      const recorder = await startRecorder();
      const touches = recorder.touchesOf(["/tmp"]).get("/tmp");
      console.log(JSON.stringify({ touches, sources: (await recorder.stop()).sources }));
      await recorder.close();`;
      const { status, stdout, stderr } = run(script, { uid: 65534, gid: 65534 });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      const { touches, sources } = jsonOf({ stdout, stderr, status }) as { touches: unknown[]; sources: unknown[] };
      expect(touches).toEqual([]);
      // New kernels tell everybody of processes.
      expect(sources).toEqual([
        expect.objectContaining({ source: "files", status: "not-permitted", detail: expect.stringContaining("EPERM") }),
        expect.objectContaining({ source: "processes", status: expect.stringMatching(/^(done|not-permitted)$/) }),
        expect.objectContaining({
          source: "calls",
          status: "not-permitted",
          detail: expect.stringContaining("tracefs"),
        }),
      ]);
    },
  );

  it("whose thread cannot even begin is told that all is lost", () => {
    const script = `
      const { startRecorder } = await import(${JSON.stringify(module)});
      const recorder = await startRecorder({}, new URL("data:text/javascript,this is no program"));
      console.log(JSON.stringify((await recorder.stop()).sources.map(({ status }) => status)));
      await recorder.close();`;
    const { status, stdout, stderr } = run(script);
    expect([status, stderr]).toEqual([0, ""]);
    expect(jsonOf({ stdout, stderr, status })).toEqual(["lost", "lost", "lost"]);
  });

  it("does not keep it from ending, whatever the recorder is about to do", () => {
    const { status, signal, stderr } = run(
      `const { startRecorder } = await import(${JSON.stringify(module)}); await startRecorder(); process.exit(7);`,
    );
    expect([status, signal, stderr]).toEqual([7, null, ""]);
    const atItsEnd = run(`const { startRecorder } = await import(${JSON.stringify(module)}); await startRecorder();`);
    expect([atItsEnd.status, atItsEnd.signal, atItsEnd.stderr]).toEqual([0, null, ""]);
  });
});
