import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
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

import { limits } from "../../foundation/limits.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import { restoreCheckpoint, type SavedCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { fifoAt, makeDeep, runAlone, socketAt } from "./testing/disk-fixture.ts";
import { emptyDirectory, wipeDirectory } from "./wipe-directory.ts";

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
  expected: CheckpointReference = saved.reference,
): ReturnType<typeof restoreCheckpoint> => restoreCheckpoint({ ...saved, workspace: target, expected });

/** Everything below a directory as text: kind, mode, time to the microsecond, and content or target. */
function describeTree(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const visit = (path: Buffer): void => {
    for (const name of readdirSync(path, { encoding: "buffer" })) {
      const child = Buffer.concat([path, Buffer.from("/"), name]);
      const stat = lstatSync(child, { bigint: true });
      const locked = !stat.isSymbolicLink() && (stat.mode & 0o700n) !== 0o700n;
      // An ordinary user cannot look into what it locked itself.
      if (locked) chmodSync(child, 0o700);
      const content = stat.isFile()
        ? createHash("sha256").update(readFileSync(child)).digest("hex")
        : stat.isSymbolicLink()
          ? readlinkSync(child, { encoding: "latin1" })
          : "";
      const key = child.subarray(Buffer.byteLength(directory)).toString("latin1");
      tree[key] = `${stat.mode.toString(8)} ${(stat.mtimeNs + 500n) / 1_000n} ${content}`;
      if (stat.isDirectory()) visit(child);
      if (locked) chmodSync(child, Number(stat.mode & 0o7777n));
    }
  };
  visit(Buffer.from(directory));
  return tree;
}

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
    expect(again.reference).toEqual(saved.reference);
  });

  test("names by digest what it wrote, and keeps only the newest of a job", async () => {
    writeFileSync(join(store, "job-1.unrelated"), "");
    writeFileSync(join(store, "job-1-2.0.partial"), "");
    writeFileSync(join(workspace, "n"), "1");
    await save();
    writeFileSync(join(workspace, "n"), "2");
    const { reference, manifestPath, archivePath } = await save();
    expect(createHash("sha256").update(readFileSync(manifestPath)).digest("hex")).toBe(reference.manifestDigest);
    expect(createHash("sha256").update(readFileSync(archivePath)).digest("hex")).toBe(reference.archiveDigest);
    expect(lstatSync(archivePath).size).toBe(reference.archiveBytes);
    expect(readdirSync(store).sort()).toEqual(
      [
        `job-1.${reference.archiveDigest}.tar.zst`,
        `job-1.${reference.manifestDigest}.json`,
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
    writeFileSync(join(workspace, "zeros"), "");
    truncateSync(join(workspace, "zeros"), limits.checkpointContentBytesMax + 1);
    await expect(save()).rejects.toMatchObject({ code: "too-large" });
    expect(readdirSync(store)).toEqual([]);
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
      import { watch, truncateSync, writeFileSync } from "node:fs";
      import { saveCheckpoint } from ${JSON.stringify(join(import.meta.dirname, "checkpoint.ts"))};
      const [workspace, directory] = process.argv.slice(-2);
      writeFileSync(workspace + "/big", "");
      truncateSync(workspace + "/big", 2 ** 31);
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
      writeFileSync(workspace + "/a", Buffer.alloc(2 ** 27));
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
    const other = { ...saved.reference, manifestDigest: "0".repeat(64) };
    await expect(restore(saved, other)).rejects.toMatchObject({ code: "digest-mismatch" });
    const swapped = { ...saved.reference, archiveDigest: "0".repeat(64) };
    await expect(restore(saved, swapped)).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  test("notices a flipped bit and a missing end anywhere, and leaves the workspace empty", async () => {
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

/** Names of any bytes that Linux takes: neither `/` nor NUL, neither `.` nor `..`. */
const nameArbitrary = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 24 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((text) => Buffer.from(text)),
    fc.integer({ min: 90, max: 240 }).map((length) => Buffer.alloc(length, "n")),
    fc.constantFrom(
      Buffer.from("\\x41"),
      Buffer.from(" trailing "),
      Buffer.from("-r"),
      Buffer.from("~"),
      Buffer.from("a\nb"),
    ),
  )
  .filter((name) => !name.includes(0) && !name.includes(0x2f) && ![".", ".."].includes(name.toString("latin1")));

type Node =
  | {
      readonly kind: "file";
      readonly name: Buffer;
      readonly content: Uint8Array;
      readonly mode: number;
      readonly seconds: number;
    }
  | { readonly kind: "symlink"; readonly name: Buffer; readonly target: Buffer }
  | { readonly kind: "directory"; readonly name: Buffer; readonly mode: number; readonly children: readonly Node[] };

const { tree: treeArbitrary } = fc.letrec<{ tree: readonly Node[]; node: Node }>((tie) => ({
  tree: fc.uniqueArray(tie("node"), { maxLength: 5, selector: (node) => node.name.toString("latin1") }),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      kind: fc.constant("file" as const),
      name: nameArbitrary,
      content: fc.uint8Array({ maxLength: 2_000 }),
      mode: fc.nat({ max: 0o777 }),
      seconds: fc.double({ min: -1e9, max: 9e9, noNaN: true }),
    }),
    fc.record({ kind: fc.constant("symlink" as const), name: nameArbitrary, target: nameArbitrary }),
    fc.record({
      kind: fc.constant("directory" as const),
      name: nameArbitrary,
      mode: fc.nat({ max: 0o777 }),
      children: tie("tree"),
    }),
  ),
}));

function plant(directory: Buffer, nodes: readonly Node[]): void {
  for (const node of nodes) {
    const path = Buffer.concat([directory, Buffer.from("/"), node.name]);
    if (node.kind === "symlink") symlinkSync(node.target, path);
    else if (node.kind === "file") {
      const file = openSync(path, "w", 0o600);
      writeFileSync(file, node.content);
      closeSync(file);
      utimesSync(path, node.seconds, node.seconds);
      chmodSync(path, node.mode);
    } else {
      mkdirSync(path);
      plant(path, node.children);
      chmodSync(path, node.mode);
    }
  }
}

test("any tree comes back as it was, and gives the same archive again", async () => {
  await fc.assert(
    fc.asyncProperty(treeArbitrary, async (tree) => {
      await emptyDirectory(workspace);
      await emptyDirectory(target);
      plant(Buffer.from(workspace), tree);
      const before = describeTree(workspace);
      const saved = await save();
      expect(describeTree(workspace)).toEqual(before);
      expect(await restore(saved)).toEqual(saved.manifest);
      expect(describeTree(target)).toEqual(before);
      const again = await saveCheckpoint({ ...job, workspace: target, directory: store });
      expect(again.reference).toEqual(saved.reference);
    }),
    { numRuns: 60 },
  );
}, 60_000);
