import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { describe, expect, it, onTestFinished } from "vitest";

import { blockAt, blockField, surveySegments } from "../../core/packed-tree.ts";
import { toBytePath } from "../../core/path-text.ts";
import { diffTrees } from "../../core/tree-diff.ts";
import { TreeWriter } from "../../core/tree-writer.ts";
import { directoryOfFiles, temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectFiles } from "../files.ts";
import { loadNativeCalls } from "./native-calls.ts";
import { nativeReader } from "./native-reader.ts";

const many = Number(process.env["HOUSEGUEST_TEST_FILES"] ?? 100_000);
const churnedReadings = 8;

/** Makes and removes files and whole directories below a root for as long as the test runs. */
const churner = `
const { mkdirSync, rmSync, renameSync, writeFileSync } = require("node:fs");
const [root] = process.argv.slice(1);
for (let count = 0; ; count += 1) {
  const base = root + "/churned-" + (count % 5);
  mkdirSync(base + "/a/b/c", { recursive: true });
  for (let file = 0; file < 20; file += 1) writeFileSync(base + "/a/b/" + file, "");
  renameSync(base + "/a/b", base + "/moved");
  if (count === 5) console.log("ready");
  rmSync(base, { recursive: true });
}
`;

describe("the walk under hardship", () => {
  it.each([["natively", false] as const, ["portably", true] as const])(
    "read %s, finds all that stays while files, directories and their names come and go beside it",
    async (_, portable) => {
      const root = temporaryDirectory();
      const kept: string[] = [];
      for (let index = 0; index < 200; index += 1) {
        mkdirSync(join(root, `kept-${index % 10}`), { recursive: true });
        writeFileSync(join(root, `kept-${index % 10}/file-${index}`), "");
        kept.push(join(root, `kept-${index % 10}/file-${index}`));
      }
      const child = spawn(process.execPath, ["-e", churner, root], { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      onTestFinished(async () => {
        child.kill("SIGKILL");
        await ended;
      });
      await once(createInterface(child.stdout), "line");
      for (let reading = 0; reading < churnedReadings; reading += 1) {
        const { files, reading: outcome } = await collectFiles({ roots: [root], workers: 2, portable });
        expect([outcome.detail, outcome.isNarrowed]).toEqual([`only what was asked for is read: ${root}`, true]);
        const found = diffTrees({ segments: [], index: new Map() }, files).differences.map(({ path }) => path);
        expect(found.filter((path) => path.includes("/file-")).sort()).toEqual(kept.toSorted());
      }
      expect(child.exitCode).toBeNull();
    },
  );

  it("reads a directory of very many files, and finds the one that came", async () => {
    const root = directoryOfFiles(many);
    const before = await collectFiles({ roots: [root], workers: 2 });
    const block = blockAt(before.files, toBytePath(root));
    expect(block?.words[(block?.start ?? 0) + blockField.entries]).toBe(many);
    writeFileSync(join(root, "one-more"), "");
    const after = await collectFiles({ roots: [root], workers: 2 });
    const found = diffTrees(before.files, after.files).differences.map(({ path }) => path.slice(root.length));
    expect(found.sort()).toEqual(["", "/one-more"]);
  });

  it("takes a directory for gone that is removed between being opened and being listed", async (context) => {
    const calls = await loadNativeCalls();
    if (calls === null) return context.skip("no native calls here");
    const directory = join(temporaryDirectory(), "short-lived");
    mkdirSync(directory);
    const getdents64: typeof calls.getdents64 = (...parameters) => {
      rmSync(directory, { recursive: true, force: true });
      return calls.getdents64(...parameters);
    };
    const writer = new TreeWriter();
    nativeReader({ ...calls, getdents64 }, { privateDirectory: false }).readDirectory(Buffer.from(directory), writer);
    const { refused, entries } = surveySegments(writer.finish());
    expect([...refused, entries]).toEqual([0]);
  });

  it("opens directories only: no pipe, device, socket or file", async (context) => {
    const calls = await loadNativeCalls();
    if (calls === null) return context.skip("no native calls here");
    const root = temporaryDirectory();
    execFileSync("mkfifo", [join(root, "pipe")]);
    writeFileSync(join(root, "file"), "");
    mkdirSync(join(root, "directory"));
    const flags: number[] = [];
    const openat = (directory: number, path: number, openFlags: number) => {
      flags.push(openFlags);
      return calls.openat(directory, path, openFlags);
    };
    const reader = nativeReader({ ...calls, openat, open: never }, { privateDirectory: false });
    const writer = new TreeWriter();
    const names = reader.readDirectory(Buffer.from(root), writer).map(String);
    for (const name of ["pipe", "file"]) reader.readDirectory(Buffer.from(join(root, name)), writer);
    expect(names).toEqual([join(root, "directory")]);
    // With O_DIRECTORY the kernel refuses anything else before its driver or the other end of a pipe hears of it.
    expect(flags.map((value) => value & 0o200000)).toEqual([0o200000, 0o200000, 0o200000]);
  });
});

function never(): never {
  throw new Error("there is a path in each call");
}
