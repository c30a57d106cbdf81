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
  /** How many more there are than `differencesMax` in directories that are in both. */
  readonly more: number;
  /** How many more there are in those that are in one. */
  readonly crowds: TreeCrowd[];
}

/** What is not listed of a directory that came or went. */
export interface TreeCrowd {
  /** One character a byte. */
  readonly directory: string;
  readonly change: "appeared" | "vanished";
  readonly count: number;
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
  const crowds: TreeCrowd[] = [];
  for (const path of inOne) {
    const listed = more;
    diffDirectory({ path, before, after, add: list });
    const change = after.index.has(path) ? "appeared" : "vanished";
    if (more > listed) crowds.push({ directory: path, change, count: more - listed });
    more = listed;
  }
  return { differences: [...differences.values()], more, crowds };
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
  const { came, went } = unalignedEntries(old, now);
  const oldEntries = new Map(went.map((place) => [entryName(place.block, place.entry), place]));
  for (const place of came) {
    const name = entryName(place.block, place.entry);
    const earlier = oldEntries.get(name) ?? null;
    oldEntries.delete(name);
    if (earlier !== null && sameEntry(earlier, place)) continue;
    add({ path: joinPath(path, name), directory: path, before: earlier, after: place });
  }
  for (const [name, place] of oldEntries) {
    add({ path: joinPath(path, name), directory: path, before: place, after: null });
  }
}

/** So many entries that came or went side by side are stepped over; beyond that the rest is matched by name. */
const stepMax = 16;

/**
 * Goes through both readings of a directory side by side and leaves out what is the same: most file systems list what
 * stays in the order in which they did, and of a million entries hardly any need be named.
 */
function unalignedEntries(
  old: Block | undefined,
  now: Block | undefined,
): { readonly came: EntryPlace[]; readonly went: EntryPlace[] } {
  const [came, went]: [EntryPlace[], EntryPlace[]] = [[], []];
  let before = placeAt(old, old === undefined ? 0 : firstEntry(old));
  let after = placeAt(now, now === undefined ? 0 : firstEntry(now));
  const passOld = () => {
    if (before === null) return;
    went.push(before);
    before = following(before);
  };
  const passNow = () => {
    if (after === null) return;
    came.push(after);
    after = following(after);
  };
  while (before !== null && after !== null) {
    if (sameEntry(before, after)) {
      before = following(before);
      after = following(after);
      continue;
    }
    const [cameSteps, wentSteps] = [stepsTo(after, before), stepsTo(before, after)];
    for (let step = 0; step < (cameSteps ?? (wentSteps === null ? 1 : 0)); step += 1) passNow();
    if (cameSteps === null) for (let step = 0; step < (wentSteps ?? 1); step += 1) passOld();
  }
  while (before !== null) passOld();
  while (after !== null) passNow();
  return { came, went };
}

/** How many entries of its directory stand between a place and the next one that is the same as another; null beyond `stepMax`. */
function stepsTo(from: EntryPlace, wanted: EntryPlace): number | null {
  let place: EntryPlace | null = from;
  for (let step = 1; step <= stepMax; step += 1) {
    place = following(place);
    if (place === null) return null;
    if (sameEntry(place, wanted)) return step;
  }
  return null;
}

function following({ block, entry }: EntryPlace): EntryPlace | null {
  return placeAt(block, nextEntry(block, entry));
}

function placeAt(block: Block | undefined, entry: number): EntryPlace | null {
  return block === undefined || entry >= block.end ? null : { block, entry };
}

function sameWords(one: Block, other: Block): boolean {
  // Two readings share what is the same (`tree-delta.ts`).
  if (one.words === other.words && one.start === other.start) return true;
  const length = one.words[one.start + blockField.words] as number;
  if (length !== other.words[other.start + blockField.words]) return false;
  const shift = other.start - one.start;
  for (let at = one.start; at < one.end; at += 1) {
    if (one.words[at] !== other.words[at + shift]) return false;
  }
  return true;
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
