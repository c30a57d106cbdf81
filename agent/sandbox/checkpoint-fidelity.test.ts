import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { zstdDecompressSync } from "node:zlib";

import { afterEach, beforeEach, expect, test } from "vitest";

import { restoreCheckpoint, type SavedCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { openDirectory, pathIn } from "./directory-handle.ts";
import { allocatedBytes, describeTree } from "./testing/described-tree.ts";
import { fifoAt, makeDeep } from "./testing/disk-fixture.ts";
import { setTime, setXattr } from "./testing/native-files.ts";
import { wipeDirectory } from "./wipe-directory.ts";

let place: string;
let workspace: string;
let target: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-fidelity-"));
  workspace = join(place, "workspace");
  target = join(place, "target");
  for (const directory of [workspace, target, join(place, "store")]) mkdirSync(directory);
});
afterEach(async () => {
  expect(await wipeDirectory(place)).toMatchObject({ leftCount: 0 });
});

const save = async (): Promise<SavedCheckpoint> =>
  await saveCheckpoint({ jobId: "job-1", epoch: 1, progress: 0, nowMs: 0, workspace, directory: join(place, "store") });
const restore = async (saved: SavedCheckpoint): Promise<unknown> =>
  await restoreCheckpoint({ ...saved, workspace: target, expected: saved.content });

/** A file of that size whose data are these, each at its offset. */
function sparseFile(name: string, size: number, data: readonly [offset: number, content: string][]): void {
  const file = openSync(join(workspace, name), "w");
  for (const [offset, content] of data) writeSync(file, content, offset);
  ftruncateSync(file, size);
  closeSync(file);
}

test("a sparse file takes as little of the disk after a restore as before, wherever its holes are", async () => {
  const mebibyte = 2 ** 20;
  sparseFile("all hole", 64 * mebibyte, []);
  sparseFile("hole first", 64 * mebibyte, [[64 * mebibyte - 3, "end"]]);
  sparseFile("hole last", 64 * mebibyte, [[0, "begin"]]);
  sparseFile(
    "holes between",
    64 * mebibyte,
    Array.from({ length: 30 }, (_, index) => [index * 2_000_001, "x".repeat(5_000)]),
  );
  sparseFile("odd end", 64 * mebibyte + 1, [[7, "x"]]);
  const saved = await save();
  expect(saved.content.archiveBytes).toBeLessThan(20_000);
  await restore(saved);
  expect(describeTree(target)).toEqual(describeTree(workspace));
  expect(allocatedBytes(target)).toBeLessThanOrEqual(allocatedBytes(workspace) + 8 * 4_096);
  expect(allocatedBytes(target)).toBeGreaterThan(30 * 5_000);
});

test("GNU tar reads the archive: holes, hard links, symlinks, modes and times to the nanosecond", async () => {
  sparseFile("sparse", 3_000_000, [[1_000_000, "data"]]);
  writeFileSync(join(workspace, "file"), "content");
  linkSync(join(workspace, "file"), join(workspace, "other name"));
  symlinkSync("/nowhere", join(workspace, "link"));
  linkSync(join(workspace, "link"), join(workspace, "link's other name"));
  mkdirSync(join(workspace, "directory"));
  chmodSync(join(workspace, "directory"), 0o1750);
  for (const name of readdirSync(workspace)) setTime(Buffer.from(join(workspace, name)), 1_234_567_890_123_456_789n);
  const { archivePath } = await save();
  const tar = zstdDecompressSync(readFileSync(archivePath));
  execFileSync("tar", ["-xpf", "-", "-C", target], { input: tar, stdio: ["pipe", "ignore", "inherit"] });
  expect(describeTree(target)).toEqual(describeTree(workspace));
  expect(allocatedBytes(target)).toBeLessThan(60_000);
});

test("hard links of one file are one file again, below paths that no path can name too", async () => {
  makeDeep({ directory: workspace, depth: 40, nameLength: 200 });
  let bottom = openDirectory(workspace);
  for (let depth = 0; depth < 40; depth += 1) {
    const next = openDirectory(pathIn(bottom, Buffer.alloc(200, "d")));
    closeSync(bottom);
    bottom = next;
  }
  linkSync(pathIn(bottom, Buffer.from("file")), join(workspace, "a name at the top"));
  linkSync(join(workspace, "a name at the top"), join(workspace, "z name at the top"));
  closeSync(bottom);
  const saved = await save();
  const names = saved.manifest.entries.filter(({ kind }) => kind === "hardlink");
  expect(names.map(({ target: first }) => first)).toEqual(["a name at the top", "a name at the top"]);
  await restore(saved);
  expect(lstatSync(join(target, "z name at the top")).nlink).toBe(3);
});

test("a file whose other names are outside the workspace is a file of its own", async () => {
  writeFileSync(join(place, "outside"), "shared");
  linkSync(join(place, "outside"), join(workspace, "inside"));
  const saved = await save();
  expect(saved.manifest.entries).toMatchObject([{ path: "inside", kind: "file", bytes: 6 }]);
  await restore(saved);
  expect(lstatSync(join(target, "inside")).nlink).toBe(1);
});

test("setuid and setgid are taken off, the sticky bit stays", async () => {
  writeFileSync(join(workspace, "file"), "");
  mkdirSync(join(workspace, "directory"));
  chmodSync(join(workspace, "file"), 0o6751);
  chmodSync(join(workspace, "directory"), 0o7775);
  await restore(await save());
  expect(lstatSync(join(target, "file")).mode & 0o7777).toBe(0o751);
  expect(lstatSync(join(target, "directory")).mode & 0o7777).toBe(0o1775);
});

test("extended attributes are not part of a checkpoint: the same bytes with and without", async () => {
  const path = join(workspace, "file");
  writeFileSync(path, "");
  const time = lstatSync(path, { bigint: true }).mtimeNs;
  const without = await save();
  expect(setXattr(Buffer.from(path), "user.note", "x"), "this file system has extended attributes").toBe(true);
  setTime(Buffer.from(path), time);
  expect((await save()).content).toEqual(without.content);
});

test("a FIFO is named and never opened, and neither is a device (case 62)", async () => {
  fifoAt(join(workspace, "fifo"));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync("mknod", [join(workspace, "zero"), "c", "1", "5"]);
  // Whoever opens it for reading lets this writer go on.
  const writer = spawn("/bin/sh", ["-c", 'echo waiting; echo x > "$0"; echo opened', join(workspace, "fifo")]);
  const [said] = await Promise.all([
    text(writer.stdout),
    (async () => {
      await new Promise((resolve) => writer.stdout.once("data", resolve));
      const { manifest } = await save();
      expect(manifest.entries).toEqual([]);
      expect(manifest.omitted).toEqual([
        { path: "fifo", kind: "fifo" },
        ...(isRoot ? [{ path: "zero", kind: "device" }] : []),
      ]);
      writer.kill("SIGKILL");
    })(),
  ]);
  expect(said).not.toContain("opened");
});
