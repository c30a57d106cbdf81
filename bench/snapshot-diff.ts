import {
  blockStatus,
  entryField,
  entryWords,
  indexTree,
  type Segment,
  wordsFor,
} from "../residue-scanner/core/packed-tree.ts";
import { TreeWriter } from "../residue-scanner/core/tree-writer.ts";
import { diffTrees } from "../residue-scanner/core/tree-diff.ts";
import { type Benchmark, median } from "./benchmark.ts";

const rounds = 9;
const directories = 45_000;
const entriesEach = 12;
const msMost = 300;
/** Every so many directories one entry has another change time, one is new and one is gone. */
const changedEvery = 45;

/** How long a diff of two snapshots of 540,000 entries takes, with the making of both indexes. */
export const snapshotDiff: Benchmark = {
  name: "snapshot-diff",
  run() {
    const before = tree({ changed: () => false });
    const few = tree({ changed: (directory) => directory % changedEvery === 0 });
    const all = tree({ changed: () => true });
    const result = {
      what: `diff of two trees of ${directories * entriesEach} entries, median of ${rounds} rounds`,
      measured: timeDiff(before, few),
      most: msMost,
      unit: "ms",
      notes: [
        `${(3 * directories) / changedEvery} entries differ, in ${directories / changedEvery} of ${directories} directories`,
        `where something differs in every directory: ${Math.round(timeDiff(before, all))} ms`,
      ],
    };
    return Promise.resolve([result]);
  },
};

function timeDiff(before: readonly Segment[], after: readonly Segment[]): number {
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now();
    diffTrees(indexTree(before), indexTree(after));
    return performance.now() - started;
  });
  return median(times);
}

function tree({ changed }: { changed: (directory: number) => boolean }): Segment[] {
  const writer = new TreeWriter();
  for (let directory = 0; directory < directories; directory += 1) {
    writer.beginBlock(Buffer.from(`/srv/data/part-${directory % 100}/directory-${directory}`));
    const first = changed(directory) ? 1 : 0;
    for (let entry = first; entry < first + entriesEach; entry += 1) {
      writeEntry(writer, {
        name: `some-file-${entry}.txt`,
        ino: directory * entriesEach + entry,
        changed: first === 1 && entry === 1,
      });
    }
    writer.endBlock(blockStatus.read);
  }
  return writer.finish();
}

function writeEntry(writer: TreeWriter, { name, ino, changed }: { name: string; ino: number; changed: boolean }): void {
  const nameBytes = Buffer.byteLength(name);
  writer.reserve(entryWords + wordsFor(nameBytes));
  const { words, end } = writer;
  words[end + entryField.modeAndName] = 0o100644 | (nameBytes << 16);
  words[end + entryField.links] = 1;
  words[end + entryField.ino] = ino;
  words[end + entryField.size] = ino % 10_000;
  words[end + entryField.changed] = changed ? 1_700_000_000 : 1_600_000_000;
  writer.bytes.set(Buffer.from(name), (end + entryWords) * 4);
  writer.endEntry(nameBytes, 0);
}
