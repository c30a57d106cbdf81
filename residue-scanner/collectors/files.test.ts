import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { describe, expect, it, onTestFinished } from "vitest";

import { fileFactAt } from "../core/file-fact.ts";
import { blockAt, type Tree } from "../core/packed-tree.ts";
import { toBytePath } from "../core/path-text.ts";
import { diffTrees } from "../core/tree-diff.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { setXattr } from "../testing/xattr.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { collectFiles, rereadDirectories } from "./files.ts";

const isRoot = process.geteuid?.() === 0;
const read = async (root: string, portable = false) => await collectFiles({ roots: [root], workers: 2, portable });

function grow(root: string): void {
  for (const name of ["plain", "new\nline", "with blank", "ü"]) writeFileSync(join(root, name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), "bytes");
  for (let index = 0; index < 300; index += 1) mkdirSync(join(root, `d${index % 7}/e${index}`), { recursive: true });
  mkdirSync(join(root, "x".repeat(255)));
  symlinkSync("/nowhere", join(root, "link"));
  symlinkSync(root, join(root, "link-to-directory"));
  execFileSync("mkfifo", [join(root, "pipe")]);
  chmodSync(join(root, "plain"), 0o4711);
  utimesSync(join(root, "ü"), -5.5, 9_000_000_000);
}

/** Every entry by its path, without what only the native reader sees. */
function facts(tree: Tree): Map<string, unknown> {
  const found = diffTrees({ segments: [], index: new Map() }, tree).differences;
  return new Map(found.map(({ path, after }) => [path, { ...fileFactAt(after ?? never()), flags: [], xattrs: [] }]));
}

function never(): never {
  throw new Error("an entry that appeared is there");
}

describe("the files collector", () => {
  it("reads the same natively and portably: odd names, times, devices, deep trees", async () => {
    const root = temporaryDirectory();
    grow(root);
    const [native, portable] = [await read(root), await read(root, true)];
    expect([native.filesReader, portable.filesReader]).toEqual(["native", "portable"]);
    expect(facts(native.files).size).toBeGreaterThan(300);
    expect(facts(native.files)).toEqual(facts(portable.files));
    expect(native.reading.facts).toBe(facts(native.files).size - 1);
  });

  it("finds nothing when nothing happened", async () => {
    const root = temporaryDirectory();
    grow(root);
    const before = await read(root);
    expect(diffTrees(before.files, (await read(root)).files).differences).toEqual([]);
  });

  it("reads again beside an earlier reading as well as alone, and holds no more than what differs", async () => {
    const root = temporaryDirectory();
    grow(root);
    const { files: baseline } = await read(root);
    writeFileSync(join(root, "d1/e1/new"), "");
    rmdirSync(join(root, "d2/e2"));
    // Of a thread that read little most may differ, and is then kept as it is.
    const again = await collectFiles({ roots: [root], workers: 1, baseline });
    const alone = await read(root);
    expect(facts(again.files)).toEqual(facts(alone.files));
    expect(again.reading).toMatchObject({ facts: alone.reading.facts, status: alone.reading.status });
    const changed = diffTrees(baseline, again.files).differences.map(({ path }) => path.slice(root.length));
    expect(changed).toEqual(expect.arrayContaining(["/d1/e1/new", "/d2/e2"]));
    // Three directories that changed, and one that is no more, of three hundred.
    const [own, whole] = [again.files.segments.slice(baseline.segments.length), alone.files.segments];
    const words = (segments: Tree["segments"]) => segments.reduce((sum, { used }) => sum + used, 0);
    expect(again.files.segments.slice(0, baseline.segments.length)).toEqual(baseline.segments);
    expect(words(own)).toBeLessThan(words(whole) / 4);
  });

  it("follows paths longer than the kernel takes at once", async () => {
    const root = temporaryDirectory();
    const depth = 25;
    const script = `cd "$1"; for i in $(seq ${depth}); do mkdir ${"n".repeat(250)}; cd ${"n".repeat(250)}; done; echo x > bottom`;
    execFileSync("bash", ["-c", script, "bash", root]);
    const { files, reading } = await read(root);
    expect([...facts(files).keys()].some((path) => path.endsWith("/bottom"))).toBe(true);
    expect(reading.detail).not.toContain("cannot be listed");
    execFileSync("rm", ["-rf", join(root, "n".repeat(250))]);
  });

  it("reads the extended attributes of directories and programs", async (context) => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "directory"));
    writeFileSync(join(root, "program"), "", { mode: 0o755 });
    if (!setXattr(join(root, "directory"), "user.left", "by me")) context.skip("no extended attributes here");
    setXattr(join(root, "program"), "user.left", "by me too");
    const found = facts((await read(root)).files);
    expect(found.size).toBe(3);
    const tree = (await read(root)).files;
    const entries = diffTrees({ segments: [], index: new Map() }, tree).differences;
    const xattrs = entries.map(({ path, after }) => [path.slice(root.length), fileFactAt(after ?? never()).xattrs]);
    expect(new Map(xattrs as [string, string[]][])).toEqual(
      new Map([
        ["", []],
        ["/directory", ["user.left=by me"]],
        ["/program", ["user.left=by me too"]],
      ]),
    );
  });

  it("names what it may not list", async (context) => {
    const root = temporaryDirectory();
    if (isRoot) context.skip("root may list everything; the test of the command line does this as another user");
    mkdirSync(join(root, "closed"), { mode: 0o000 });
    onTestFinished(() => chmodSync(join(root, "closed"), 0o700));
    const { files, reading } = await read(root);
    expect(reading.status).toBe("partial");
    expect(reading.detail).toContain("1 directories cannot be listed (EACCES)");
    expect(reading.detail).toContain(join(root, "closed"));
    expect(blockAt(files, toBytePath(join(root, "closed")))?.status).toBeGreaterThan(0);
  });

  it("ends early when it is told to", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(collectFiles({ signal: controller.signal })).rejects.toThrow("enough");
    const later = new AbortController();
    const walk = collectFiles({ signal: later.signal });
    later.abort(new Error("enough now"));
    await expect(walk).rejects.toThrow("enough now");
  });

  it.each([
    ["a walk", collectFiles],
    ["a snapshot", takeSnapshot],
  ])("%s ends at once, whatever its workers are at", async (_, start) => {
    const controller = new AbortController();
    const reading = start({ signal: controller.signal });
    const ended = reading.then(
      () => "read it all",
      (error: unknown) => error,
    );
    // Workers need many turns of this thread to start, and any number to read a large directory.
    await setImmediate();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await Promise.race([ended, setImmediate("goes on")])).toBe(reason);
  });

  it("refuses a root that is not there", async () => {
    await expect(collectFiles({ roots: ["/no/such/place"] })).rejects.toMatchObject({ code: "no-such-root" });
  });

  it("reads single directories again, new ones below and vanished ones too", async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "goes"));
    writeFileSync(join(root, "goes/with"), "");
    const { files, filesReader } = await read(root);
    execFileSync("rm", ["-r", join(root, "goes")]);
    mkdirSync(join(root, "comes/in"), { recursive: true });
    writeFileSync(join(root, "comes/in/file"), "");
    const directories = new Set([root, join(root, "goes")].map(toBytePath));
    const again = await rereadDirectories({ files, reader: filesReader, directories });
    expect(diffTrees(again, (await read(root)).files).differences.filter(({ path }) => path !== root)).toEqual([]);
    expect(again.index.has(toBytePath(join(root, "goes")))).toBe(false);
  });
});
