import { chmodSync, closeSync, ftruncateSync, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from "node:fs";

import fc from "fast-check";

import { makeFifo, setTime, setXattr } from "./native-files.ts";

/** Names of any bytes that Linux takes: neither `/` nor NUL, neither `.` nor `..`. */
const nameArbitrary = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 24 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((text) => Buffer.from(text)),
    fc.integer({ min: 90, max: 255 }).map((length) => Buffer.alloc(length, "n")),
    fc.constantFrom(
      Buffer.from("\\x41"),
      Buffer.from(" trailing "),
      Buffer.from("-r"),
      Buffer.from("~"),
      Buffer.from("a\nb"),
      Buffer.from([0xff]),
      Buffer.alloc(255, 0xff),
      Buffer.from("GNUSparseFile.0"),
    ),
  )
  .filter((name) => !name.includes(0) && !name.includes(0x2f) && ![".", ".."].includes(name.toString("latin1")));

/** Runs of bytes with holes before, between and after them, on and off the borders of blocks. */
const contentArbitrary = fc.record({
  runs: fc.array(
    fc.record({
      hole: fc.oneof(fc.constantFrom(0, 1, 511, 4_095, 4_096, 8_192), fc.nat({ max: 3_000_000 })),
      bytes: fc.oneof(fc.constantFrom(0, 1, 4_096, 12_288), fc.nat({ max: 9_000 })),
      value: fc.constantFrom(0, 0, 1, 10, 255),
    }),
    { maxLength: 4 },
  ),
  end: fc.oneof(fc.constant(0), fc.constantFrom(1, 4_096), fc.nat({ max: 5_000_000 })),
});

const secondNs = 1_000_000_000n;
/** What ext4 with its usual inodes holds, and most other file systems too. */
const timeArbitrary = fc.bigInt({ min: -2_000_000_000n * secondNs, max: 9_000_000_000n * secondNs });

type Content = typeof contentArbitrary extends fc.Arbitrary<infer T> ? T : never;

export type Node = { readonly name: Buffer; readonly modifiedNs: bigint } & (
  | { readonly kind: "file"; readonly content: Content; readonly mode: number; readonly labelled: boolean }
  | { readonly kind: "symlink"; readonly target: Buffer }
  | { readonly kind: "hardlink"; readonly of: number }
  | { readonly kind: "fifo" }
  | { readonly kind: "directory"; readonly mode: number; readonly children: readonly Node[] }
);

const common = { name: nameArbitrary, modifiedNs: timeArbitrary };
const modeArbitrary = fc.nat({ max: 0o7777 });

/** Trees as no sane job makes them, and some do. */
export const { tree: treeArbitrary } = fc.letrec<{ tree: readonly Node[]; node: Node }>((tie) => ({
  tree: fc.uniqueArray(tie("node"), { maxLength: 5, selector: (node) => node.name.toString("latin1") }),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    {
      weight: 4,
      arbitrary: fc.record({
        ...common,
        kind: fc.constant("file" as const),
        content: contentArbitrary,
        mode: modeArbitrary,
        labelled: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ ...common, kind: fc.constant("hardlink" as const), of: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ ...common, kind: fc.constant("symlink" as const), target: nameArbitrary }) },
    { weight: 1, arbitrary: fc.record({ ...common, kind: fc.constant("fifo" as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        ...common,
        kind: fc.constant("directory" as const),
        mode: modeArbitrary,
        children: tie("tree"),
      }),
    },
  ),
}));

/** Makes a generated tree in an empty directory. */
export function plantTree(directory: string, nodes: readonly Node[]): void {
  const linkable: Buffer[] = [];
  const settle: (() => void)[] = [];
  const plant = (parent: Buffer, children: readonly Node[]): void => {
    for (const node of children) {
      const path = Buffer.concat([parent, Buffer.from("/"), node.name]);
      if (node.kind === "directory") {
        mkdirSync(path);
        plant(path, node.children);
      } else if (node.kind === "file") writeContent(path, node.content);
      else if (node.kind === "symlink") symlinkSync(node.target, path);
      else if (node.kind === "fifo") makeFifo(path);
      else if (linkable.length > 0) linkSync(linkable[node.of % linkable.length] as Buffer, path);
      else continue;
      if (node.kind === "file" || node.kind === "symlink") linkable.push(path);
      if (node.kind === "file" && node.labelled) setXattr(path, "user.houseguest", "of the job");
      settle.push(() => {
        setTime(path, node.modifiedNs);
        if (node.kind === "file" || node.kind === "directory") chmodSync(path, node.mode);
      });
    }
  };
  plant(Buffer.from(directory), nodes);
  // A directory comes after what stands in it: writing there changes its time, and its mode may close it.
  for (const each of settle) each();
}

function writeContent(path: Buffer, { runs, end }: Content): void {
  const file = openSync(path, "wx", 0o600);
  let position = 0;
  for (const { hole, bytes, value } of runs) {
    position += hole;
    position += writeSync(file, Buffer.alloc(bytes, value), 0, bytes, position);
  }
  ftruncateSync(file, position + end);
  closeSync(file);
}
