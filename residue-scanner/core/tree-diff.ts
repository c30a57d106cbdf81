import {
  type Block,
  blockAt,
  blockField,
  entryField,
  entryName,
  entryWords,
  firstEntry,
  joinPath,
  nextEntry,
  type Tree,
  wordsFor,
} from "./packed-tree.ts";

/** An entry where it lies: decoded only when somebody wants to read it (`file-fact.ts`). */
export interface EntryPlace {
  readonly block: Block;
  readonly entry: number;
}

export interface TreeDifference {
  /** One character a byte. */
  readonly path: string;
  readonly directory: string;
  readonly before: EntryPlace | null;
  readonly after: EntryPlace | null;
}

export interface TreeDifferences {
  readonly differences: TreeDifference[];
  /** How many more there are than `differencesMax`. */
  readonly more: number;
}

/** More than this many are counted, not listed. */
const differencesMax = 20_000;
/** So many of one directory come before those that have no place among the others. */
const differencesOfOneMax = 500;

/**
 * Every entry that is not the same in both trees, word for word. Directories that were unreadable in one are left out.
 *
 * Where there are more than are listed, those of directories that are in both trees come first, some of each: what is in
 * a directory that came or went is told by that directory, and a crowd in one place must not hide a single file in another.
 */
export function diffTrees(before: Tree, after: Tree): TreeDifferences {
  const differences = new Map<string, TreeDifference>();
  const rest: TreeDifference[] = [];
  const inBoth = [...after.index.keys()].filter((path) => before.index.has(path));
  const inOne = [
    ...[...after.index.keys()].filter((path) => !before.index.has(path)),
    ...[...before.index.keys()].filter((path) => !after.index.has(path)),
  ];
  let more = 0;
  const list = (difference: TreeDifference) => {
    if (differences.size < differencesMax) differences.set(difference.path, difference);
    else more += 1;
  };
  for (const path of inBoth) {
    let listed = 0;
    const add = (difference: TreeDifference) => {
      listed += 1;
      if (listed <= differencesOfOneMax) list(difference);
      else if (rest.length < differencesMax) rest.push(difference);
      else more += 1;
    };
    diffDirectory({ path, before, after, add });
  }
  for (const difference of rest) list(difference);
  for (const path of inOne) diffDirectory({ path, before, after, add: list });
  return { differences: [...differences.values()], more };
}

function diffDirectory(options: {
  path: string;
  before: Tree;
  after: Tree;
  add: (difference: TreeDifference) => void;
}): void {
  const { path, before, after, add } = options;
  const old = blockAt(before, path);
  const now = blockAt(after, path);
  if (old !== undefined && now !== undefined && sameWords(old, now)) return;
  if ((old?.status ?? 0) > 0 || (now?.status ?? 0) > 0) return;
  const oldEntries = entriesOf(old);
  for (const [name, place] of entriesOf(now)) {
    const earlier = oldEntries.get(name) ?? null;
    oldEntries.delete(name);
    if (earlier !== null && sameEntry(earlier, place)) continue;
    add({ path: joinPath(path, name), directory: path, before: earlier, after: place });
  }
  for (const [name, place] of oldEntries) {
    add({ path: joinPath(path, name), directory: path, before: place, after: null });
  }
}

function sameWords(one: Block, other: Block): boolean {
  const length = one.words[one.start + blockField.words] as number;
  if (length !== other.words[other.start + blockField.words]) return false;
  const shift = other.start - one.start;
  for (let at = one.start; at < one.end; at += 1) {
    if (one.words[at] !== other.words[at + shift]) return false;
  }
  return true;
}

function entriesOf(block: Block | undefined): Map<string, EntryPlace> {
  const entries = new Map<string, EntryPlace>();
  if (block === undefined) return entries;
  for (let entry = firstEntry(block); entry < block.end; entry = nextEntry(block, entry)) {
    entries.set(entryName(block, entry), { block, entry });
  }
  return entries;
}

function sameEntry(one: EntryPlace, other: EntryPlace): boolean {
  const words = one.block.words;
  const nameBytes = (words[one.entry] as number) >>> 16;
  const length = entryWords + wordsFor(nameBytes + (words[one.entry + entryField.xattrBytes] as number));
  for (let at = 0; at < length; at += 1) {
    if (words[one.entry + at] !== other.block.words[other.entry + at]) return false;
  }
  return true;
}
