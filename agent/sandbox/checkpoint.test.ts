import { createHash } from "node:crypto";
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { CheckpointContent } from "../../protocol/messages.ts";
import { restoreCheckpoint, type SavedCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { describeTree } from "./testing/described-tree.ts";
import { fifoAt, makeDeep, runAlone, socketAt } from "./testing/disk-fixture.ts";
import { wipeDirectory } from "./wipe-directory.ts";

let place: string;
let workspace: string;
let store: string;
let target: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-checkpoint-"));
  workspace = join(place, "workspace");
  store = join(place, "store");
  target = join(place, "target");
  for (const directory of [workspace, store, target]) mkdirSync(directory);
});
afterEach(async () => {
  expect(await wipeDirectory(place)).toMatchObject({ leftCount: 0 });
});

const job = { jobId: "job-1", epoch: 3, progress: 7, nowMs: 1_700_000_000_000 };
const save = (): Promise<SavedCheckpoint> => saveCheckpoint({ ...job, workspace, directory: store });
const restore = (
  saved: SavedCheckpoint,
  expected: CheckpointContent = saved.content,
): ReturnType<typeof restoreCheckpoint> => restoreCheckpoint({ ...saved, workspace: target, expected });

describe("a checkpoint", () => {
  test("keeps files, modes, times, links, empty directories and odd names, and is the same again after a restore", async () => {
    mkdirSync(join(workspace, "a/empty"), { recursive: true });
    writeFileSync(join(workspace, "a/data"), Buffer.alloc(700_001, 7));
    writeFileSync(join(workspace, "a-b"), "sorts between a and a/");
    writeFileSync(Buffer.concat([Buffer.from(`${workspace}/`), Buffer.from([0x66, 0xff, 0x0a, 0x5c])]), "odd");
    writeFileSync(join(workspace, "ünï 日本 \\xff"), "text");
    writeFileSync(join(workspace, "x".repeat(255)), "long");
    symlinkSync("/etc/passwd", join(workspace, "outside"));
    symlinkSync("y".repeat(300), join(workspace, "dangling"));
    linkSync(join(workspace, "a/data"), join(workspace, "hard"));
    utimesSync(join(workspace, "a-b"), -1.5, -1.5);
    lutimesSync(join(workspace, "outside"), 12.25, 12.25);
    utimesSync(join(workspace, "a/empty"), 1_600_000_000.123456, 1_600_000_000.123456);
    chmodSync(join(workspace, "a-b"), 0o407);
    chmodSync(join(workspace, "a/empty"), 0o000);
    chmodSync(join(workspace, "a"), 0o555);
    const before = describeTree(workspace);
    const saved = await save();
    expect(describeTree(workspace)).toEqual(before);
    const paths = saved.manifest.entries.map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    expect(paths).toContain("f\\xff\\x0a\\x5c");
    expect(await restore(saved)).toEqual(saved.manifest);
    expect(describeTree(target)).toEqual(before);
    const again = await saveCheckpoint({ ...job, workspace: target, directory: store });
    expect(again.content).toEqual(saved.content);
  });

  test("names by digest what it wrote, and keeps only the newest of a job", async () => {
    writeFileSync(join(store, "job-1.unrelated"), "");
    writeFileSync(join(store, "job-1-2.0.partial"), "");
    writeFileSync(join(workspace, "n"), "1");
    await save();
    writeFileSync(join(workspace, "n"), "2");
    const { content, manifestPath, archivePath } = await save();
    expect(createHash("sha256").update(readFileSync(manifestPath)).digest("hex")).toBe(content.manifestDigest);
    expect(createHash("sha256").update(readFileSync(archivePath)).digest("hex")).toBe(content.archiveDigest);
    expect(lstatSync(archivePath).size).toBe(content.archiveBytes);
    expect(readdirSync(store).sort()).toEqual(
      [
        `job-1.${content.archiveDigest}.tar.zst`,
        `job-1.${content.manifestDigest}.json`,
        "job-1-2.0.partial",
        "job-1.unrelated",
      ].sort(),
    );
  });

  test("omits and lists what cannot be archived", async () => {
    fifoAt(join(workspace, "fifo"));
    const socket = await socketAt(join(workspace, "socket"));
    const { manifest } = await save();
    socket.close();
    expect(manifest.entries).toEqual([]);
    expect(manifest.omitted).toEqual([
      { path: "fifo", kind: "fifo" },
      { path: "socket", kind: "socket" },
    ]);
  });

  test("holds directories deeper than a path can name", async () => {
    makeDeep({ directory: workspace, depth: 40, nameLength: 200 });
    const saved = await save();
    expect(saved.manifest.entries).toHaveLength(41);
    await restore(saved);
    const again = await saveCheckpoint({ ...job, workspace: target, directory: store });
    expect(again.manifest.entries).toEqual(saved.manifest.entries);
  });
});

describe("saving", () => {
  test("refuses contents beyond the limit before it writes anything", async () => {
    for (const name of ["a", "b", "c"]) writeFileSync(join(workspace, name), Buffer.alloc(40_000, 1));
    const limited = { ...job, workspace, directory: store };
    await expect(saveCheckpoint({ ...limited, contentBytesMax: 100_000 })).rejects.toMatchObject({ code: "too-large" });
    expect(readdirSync(store)).toEqual([]);
    await saveCheckpoint({ ...limited, contentBytesMax: 120_000 });
  });

  test("counts neither holes nor second names", async () => {
    writeFileSync(join(workspace, "a"), Buffer.alloc(40_000, 1));
    linkSync(join(workspace, "a"), join(workspace, "b"));
    truncateSync(join(workspace, "a"), 2 ** 40);
    const saved = await saveCheckpoint({ ...job, workspace, directory: store, contentBytesMax: 50_000 });
    expect(saved.content.archiveBytes).toBeLessThan(10_000);
    await restore(saved);
    expect(lstatSync(join(target, "b"))).toMatchObject({ size: 2 ** 40, nlink: 2 });
    expect(lstatSync(join(target, "b")).blocks * 512).toBeLessThan(60_000);
  });

  test("keeps the earlier checkpoint when the disk takes no more, and says so", async () => {
    writeFileSync(join(workspace, "n"), "1");
    const earlier = await save();
    const script = `
      import { randomFillSync } from "node:crypto";
      import { writeFileSync } from "node:fs";
      import { saveCheckpoint } from ${JSON.stringify(join(import.meta.dirname, "checkpoint.ts"))};
      const [workspace, directory] = process.argv.slice(-2);
      for (let index = 0; index < 40; index += 1) writeFileSync(workspace + "/" + index, randomFillSync(Buffer.alloc(30_000)));
      const job = ${JSON.stringify(job)};
      await saveCheckpoint({ ...job, workspace, directory }).then(() => console.log("saved"), (error) => console.log(error.code));
    `;
    // No file of more than 64 KiB, as on a full disk.
    const { stdout } = await runAlone({ script, arguments: [workspace, store], fileBlocksMax: 128 });
    expect(stdout.trim()).toBe("not-written");
    expect(readdirSync(store)).toHaveLength(2);
    expect(await restore(earlier)).toEqual(earlier.manifest);
  });

  test("leaves the earlier checkpoint and no harm when it is killed in the middle", async () => {
    writeFileSync(join(workspace, "n"), "1");
    const earlier = await save();
    const script = `
      import { randomFillSync } from "node:crypto";
      import { watch, writeFileSync } from "node:fs";
      import { saveCheckpoint } from ${JSON.stringify(join(import.meta.dirname, "checkpoint.ts"))};
      const [workspace, directory] = process.argv.slice(-2);
      writeFileSync(workspace + "/big", randomFillSync(Buffer.alloc(2 ** 27)));
      watch(directory, (_, name) => { if (name.endsWith(".partial")) process.kill(process.pid, "SIGKILL"); });
      await saveCheckpoint({ ...${JSON.stringify(job)}, workspace, directory });
    `;
    const { signal } = await runAlone({ script, arguments: [workspace, store] });
    expect(signal).toBe("SIGKILL");
    expect(readdirSync(store).filter((name) => name.endsWith(".partial"))).toHaveLength(1);
    expect(await restore(earlier)).toEqual(earlier.manifest);
    rmSync(join(workspace, "big"));
    await save();
    expect(readdirSync(store)).toHaveLength(2);
  });

  test("says that the job was not frozen when a file shrinks under it", async () => {
    const script = `
      import { truncateSync, writeFileSync } from "node:fs";
      import fs from "node:fs";
      import { saveCheckpoint } from ${JSON.stringify(join(import.meta.dirname, "checkpoint.ts"))};
      const [workspace, directory] = process.argv.slice(-2);
      writeFileSync(workspace + "/a", Buffer.alloc(2 ** 27, 7));
      writeFileSync(workspace + "/b", "0123456789");
      const watcher = fs.watch(directory, () => { truncateSync(workspace + "/b", 3); watcher.close(); });
      await saveCheckpoint({ ...${JSON.stringify(job)}, workspace, directory }).then(() => console.log("saved"), (error) => console.log(error.code));
    `;
    const { stdout } = await runAlone({ script, arguments: [workspace, store] });
    expect(stdout.trim()).toBe("workspace-changed");
    expect(readdirSync(store)).toEqual([]);
  });
});

describe("restoring", () => {
  test("refuses a workspace that is not empty, and leaves it alone", async () => {
    const saved = await save();
    writeFileSync(join(target, "mine"), "kept");
    await expect(restore(saved)).rejects.toMatchObject({ code: "workspace-not-empty" });
    expect(readdirSync(target)).toEqual(["mine"]);
  });

  test("refuses another checkpoint than the expected one", async () => {
    const saved = await save();
    const other = { ...saved.content, manifestDigest: "0".repeat(64) };
    await expect(restore(saved, other)).rejects.toMatchObject({ code: "digest-mismatch" });
    const swapped = { ...saved.content, archiveDigest: "0".repeat(64) };
    await expect(restore(saved, swapped)).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  test("notices a flipped bit and a missing end anywhere, and leaves the workspace empty (case 28)", async () => {
    writeFileSync(
      join(workspace, "data"),
      Array.from({ length: 5_000 }, (_, index) => `line ${index * 7919}`).join("\n"),
    );
    const saved = await save();
    const good = readFileSync(saved.archivePath);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        fc.integer({ min: 0, max: 7 }),
        fc.boolean(),
        async (at, bit, truncate) => {
          const bad = truncate ? good.subarray(0, at) : Buffer.from(good);
          if (!truncate) bad[at] = (bad[at] as number) ^ (1 << bit);
          writeFileSync(saved.archivePath, bad);
          await expect(restore(saved)).rejects.toMatchObject({ code: "digest-mismatch" });
          expect(readdirSync(target)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
