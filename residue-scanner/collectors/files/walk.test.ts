import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { indexTree } from "../../core/packed-tree.ts";
import { TreeWriter } from "../../core/tree-writer.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { DirectoryQueue, newDirectoryQueue } from "./directory-queue.ts";
import { portableReader } from "./portable-reader.ts";
import { walk } from "./walk.ts";

/** Paths below the root of all directories that one worker reads. */
function walked(root: string, mountPoints: ReadonlySet<string>): string[] {
  const queue = new DirectoryQueue(newDirectoryQueue(1));
  queue.give(Buffer.from(root));
  const writer = new TreeWriter();
  walk({ reader: portableReader(), queue, writer, mountPoints });
  return [...indexTree(writer.finish()).index.keys()].map((path) => path.slice(root.length)).sort();
}

describe("the walk", () => {
  it("reads every directory once, however wide and deep the tree is", () => {
    const root = temporaryDirectory();
    const made = [""];
    for (let index = 0; index < 40; index += 1) {
      mkdirSync(join(root, `${index}/deep/er`), { recursive: true });
      made.push(`/${index}`, `/${index}/deep`, `/${index}/deep/er`);
    }
    expect(walked(root, new Set())).toEqual(made.sort());
  });

  it("does not enter a mount point", () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "mounted/inside"), { recursive: true });
    mkdirSync(join(root, "mounted-not/inside"), { recursive: true });
    expect(walked(root, new Set([join(root, "mounted")]))).toEqual(["", "/mounted-not", "/mounted-not/inside"]);
  });
});
