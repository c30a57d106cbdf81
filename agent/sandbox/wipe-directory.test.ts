import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { fifoAt, makeDeep, socketAt } from "./testing/disk-fixture.ts";
import { emptyDirectory, wipeDirectory } from "./wipe-directory.ts";
import { createWorkspace, measureWorkspace } from "./workspace.ts";

let place: string;
let workspace: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-wipe-"));
  workspace = join(place, "workspace");
  createWorkspace(workspace);
});
afterEach(() => {
  expect(existsSync(workspace)).toBe(false);
  rmSync(place, { recursive: true });
});

/** What a process of its own says that can open only so many files more. */
const outOfDescriptors = `
  import { closeSync, openSync } from "node:fs";
  import { wipeDirectory } from "${new URL("wipe-directory.ts", import.meta.url).href}";
  const open = [];
  try { for (;;) open.push(openSync("/dev/null")); } catch { /* none is left */ }
  for (let spare = Number(process.argv[1]); spare > 0; spare -= 1) closeSync(open.pop());
  const said = await wipeDirectory(process.argv[2]);
  for (const one of open) closeSync(one);
  console.log(JSON.stringify(said));`;

describe("a wipe", () => {
  test.each([0, 1])(
    "with %i descriptors left says that it could not, and removes all when it can again",
    async (spare) => {
      writeFileSync(join(workspace, "file"), "");
      const node = [process.execPath, "--input-type=module", "-e", outOfDescriptors, String(spare), workspace];
      const limited = ["-c", 'ulimit -n 256 && exec "$@"', "sh", ...node];
      const said = JSON.parse(execFileSync("sh", limited, { encoding: "utf8" })) as unknown;
      expect(said).toMatchObject({ leftCount: 1, left: [{ reason: "EMFILE" }] });
      expect(await wipeDirectory(workspace)).toMatchObject({ leftCount: 0 });
    },
  );

  test("removes files, links, FIFOs, sockets and odd names, and follows no link (case 62)", async () => {
    const kept = join(place, "kept");
    mkdirSync(kept);
    writeFileSync(join(kept, "file"), "the donor's");
    symlinkSync(kept, join(workspace, "link-to-directory"));
    symlinkSync(join(kept, "file"), join(workspace, "link-to-file"));
    mkdirSync(join(workspace, "a"));
    symlinkSync(kept, join(workspace, "a/link"));
    fifoAt(join(workspace, "a/fifo"));
    const socket = await socketAt(join(workspace, "a/socket"));
    writeFileSync(Buffer.concat([Buffer.from(`${workspace}/a/`), Buffer.from([0xff, 0x0a, 0xfe])]), "odd");
    expect(await wipeDirectory(workspace)).toEqual({ removed: 8, leftCount: 0, left: [] });
    socket.close();
    expect(readFileSync(join(kept, "file"), "utf8")).toBe("the donor's");
  });

  test("removes directories that nobody may read, enter or write", async () => {
    mkdirSync(join(workspace, "a/b/c"), { recursive: true });
    writeFileSync(join(workspace, "a/b/c/file"), "");
    for (const path of ["a/b/c", "a/b", "a", ""]) chmodSync(join(workspace, path), 0o000);
    expect(await wipeDirectory(workspace)).toMatchObject({ leftCount: 0 });
  });

  test("removes a tree that is deeper than any path, and many files", async () => {
    makeDeep({ directory: workspace, depth: 3_000, nameLength: 100 });
    for (let index = 0; index < 2_000; index += 1) writeFileSync(join(workspace, String(index)), "");
    expect(await wipeDirectory(workspace)).toEqual({ removed: 3_000 + 1 + 2_000 + 1, leftCount: 0, left: [] });
  });

  test("empties a directory and keeps it", async () => {
    writeFileSync(join(workspace, "file"), "");
    expect(await emptyDirectory(workspace)).toEqual({ removed: 1, leftCount: 0, left: [] });
    expect(existsSync(workspace)).toBe(true);
    await wipeDirectory(workspace);
  });

  test("whose time is over says what is left, and the next one goes on", async () => {
    mkdirSync(join(workspace, "a"));
    for (let index = 0; index < 2_000; index += 1) writeFileSync(join(workspace, "a", String(index)), "");
    let asked = 0;
    // So often it is asked within the thousand files.
    const { removed, leftCount, left } = await wipeDirectory(workspace, { isOver: () => (asked += 1) > 20 });
    expect(removed).toBeGreaterThan(0);
    expect(leftCount).toBeGreaterThan(0);
    expect(left).toContainEqual({ path: workspace, reason: "there was no time left to remove all of it" });
    expect(await wipeDirectory(workspace)).toEqual({ removed: 2_002 - removed, leftCount: 0, left: [] });
  });

  test("has nothing to do where there is nothing", async () => {
    await wipeDirectory(workspace);
    expect(await wipeDirectory(workspace)).toEqual({ removed: 0, leftCount: 0, left: [] });
  });

  test("refuses a symlink in the place of the directory", async () => {
    const kept = join(place, "kept");
    mkdirSync(kept);
    writeFileSync(join(kept, "file"), "");
    symlinkSync(kept, join(place, "link"));
    expect(await wipeDirectory(join(place, "link"))).toMatchObject({
      leftCount: 1,
      left: [{ path: join(place, "link"), reason: "it is not a directory" }],
    });
    expect(existsSync(join(kept, "file"))).toBe(true);
    await wipeDirectory(workspace);
  });

  test("removes what a job that ran as root made immutable or append-only", async (ctx) => {
    mkdirSync(join(workspace, "a/b"), { recursive: true });
    writeFileSync(join(workspace, "a/b/file"), "");
    writeFileSync(join(workspace, "a/log"), "");
    const fixed = spawnSync("chattr", ["+i", join(workspace, "a/b/file"), join(workspace, "a/b")]).status === 0;
    if (!fixed) {
      await wipeDirectory(workspace);
      ctx.skip("this user or this file system cannot make a file immutable");
    }
    execFileSync("chattr", ["+a", join(workspace, "a/log")]);
    expect(await wipeDirectory(workspace)).toMatchObject({ leftCount: 0 });
    expect(existsSync(workspace)).toBe(false);
  });

  test("says what is immutable instead of pretending, and touches no flag where something is mounted", async (ctx) => {
    const kept = join(place, "kept");
    mkdirSync(kept);
    writeFileSync(join(kept, "file"), "the donor's");
    mkdirSync(join(workspace, "mounted"));
    mkdirSync(join(workspace, "a/b"), { recursive: true });
    const file = join(workspace, "a/b/immutable");
    writeFileSync(file, "");
    writeFileSync(join(workspace, "a/b/other"), "");
    const fixed = spawnSync("chattr", ["+i", file, join(kept, "file")]).status === 0;
    if (!fixed || spawnSync("mount", ["--bind", kept, join(workspace, "mounted")]).status !== 0) {
      spawnSync("chattr", ["-R", "-i", workspace, kept]);
      await wipeDirectory(workspace);
      ctx.skip("this user may not mount, or this file system cannot make a file immutable");
    }
    try {
      const { leftCount, left } = await wipeDirectory(workspace);
      expect(leftCount).toBeGreaterThan(0);
      const named = left.find(({ path }) => path.endsWith("/immutable"));
      expect(named?.reason).toBe(
        "the kernel does not permit it (immutable, append-only, or another user's); it was a/b/immutable",
      );
      expect(left.map(({ path }) => existsSync(path))).toEqual(left.map(() => true));
      expect(() => writeFileSync(join(kept, "file"), "changed")).toThrow("EPERM");
    } finally {
      execFileSync("umount", [join(workspace, "mounted")]);
      execFileSync("chattr", ["-R", "-i", workspace, kept]);
    }
    expect(await wipeDirectory(workspace)).toMatchObject({ leftCount: 0 });
  });

  test.for(["mounted", "a/mounted"])("stays out of what is mounted in it, at %s", async (where, ctx) => {
    const kept = join(place, "kept");
    mkdirSync(join(kept, "inner"), { recursive: true });
    writeFileSync(join(kept, "file"), "the donor's");
    mkdirSync(join(workspace, where), { recursive: true });
    if (spawnSync("mount", ["--bind", kept, join(workspace, where)]).status !== 0) {
      await wipeDirectory(workspace);
      ctx.skip("this user may not mount");
    }
    try {
      const { leftCount, left } = await wipeDirectory(workspace);
      expect(leftCount).toBeGreaterThan(0);
      expect(left.map(({ path }) => existsSync(path))).toEqual(left.map(() => true));
      expect(left.some(({ reason }) => reason.includes("mounted on it"))).toBe(true);
      expect(readFileSync(join(kept, "file"), "utf8")).toBe("the donor's");
      expect(existsSync(join(kept, "inner"))).toBe(true);
    } finally {
      const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
      for (const line of mounts) {
        const at = line.split(" ")[1];
        if (at?.startsWith(workspace) === true) execFileSync("umount", [at]);
      }
    }
    expect(await wipeDirectory(workspace)).toMatchObject({ leftCount: 0 });
  });
});

test("a workspace measures what it takes of the disk, locked directories included", async () => {
  mkdirSync(join(workspace, "locked"));
  writeFileSync(join(workspace, "locked/file"), Buffer.alloc(100_000, 1));
  chmodSync(join(workspace, "locked"), 0o000);
  const { bytes, entries } = await measureWorkspace(workspace);
  expect(entries).toBe(2);
  expect(bytes).toBeGreaterThanOrEqual(100_000);
  expect(bytes).toBeLessThan(300_000);
  await wipeDirectory(workspace);
});
