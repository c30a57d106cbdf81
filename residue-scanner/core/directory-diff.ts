import {
  type Block,
  blockAt,
  blockField,
  entryField,
  entryName,
  entryWords,
  firstEntry,
  nextEntry,
  segmentFactor,
  type Tree,
  wordsFor,
} from "./packed-tree.ts";
import type { Steps } from "./steps.ts";

/** Some ms where each is named. */
const entriesInStep = 2_048;

/** An entry where it lies: decoded only when somebody wants to read it (`file-fact.ts`). */
export interface EntryPlace {
  readonly block: Block;
  readonly entry: number;
}

/** An entry that is not the same, which has no name yet: of a million that are not listed none need be named. */
export interface FoundEntry {
  readonly before: EntryPlace | null;
  readonly after: EntryPlace | null;
}

/** A directory in both trees, or in one of them. */
interface BlockPair {
  readonly old: Block | undefined;
  readonly now: Block | undefined;
}

/** @returns null where there is nothing to tell of a directory: most are the same, and some could not be read */
export function changedBlocks(path: string, before: Tree, after: Tree): BlockPair | null {
  if (isSamePlace(path, before, after)) return null;
  const old = blockAt(before, path);
  const now = blockAt(after, path);
  if (old !== undefined && now !== undefined && sameWords(old, now)) return null;
  return (old?.status ?? 0) > 0 || (now?.status ?? 0) > 0 ? null : { old, now };
}

/** Counts what was done, and says when a step is long enough. */
class Stride {
  #count = 0;

  isOver(): boolean {
    this.#count += 1;
    return this.#count % entriesInStep === 0;
  }
}

/** Every entry that is not the same in both, some thousand entries a step. */
export function* diffBlocks({ old, now }: BlockPair, add: (found: FoundEntry) => void): Steps<void> {
  const stride = new Stride();
  const { came, went } = yield* unalignedEntries({ old, now }, stride);
  const oldEntries = new Map<string, number>();
  for (const entry of went) {
    if (stride.isOver()) yield;
    oldEntries.set(entryName(old as Block, entry), entry);
  }
  for (const entry of came) {
    if (stride.isOver()) yield;
    const place = { block: now as Block, entry };
    const name = oldEntries.size === 0 ? "" : entryName(place.block, entry);
    const earlier = oldEntries.get(name);
    oldEntries.delete(name);
    const before = earlier === undefined ? null : { block: old as Block, entry: earlier };
    if (before !== null && sameEntry(before, place)) continue;
    add({ before, after: place });
  }
  for (const entry of oldEntries.values()) {
    if (stride.isOver()) yield;
    add({ before: { block: old as Block, entry }, after: null });
  }
}

/** What a later reading has from an earlier one need not be looked at. */
function isSamePlace(path: string, before: Tree, after: Tree): boolean {
  const place = before.index.get(path);
  if (place === undefined || place !== after.index.get(path)) return false;
  const number = Math.floor(place / segmentFactor);
  return before.segments[number] === after.segments[number];
}

/** So many entries that came or went side by side are stepped over; beyond that the rest is matched by name. */
const stepMax = 16;

/**
 * Goes through both readings of a directory side by side and leaves out what is the same: most file systems list what
 * stays in the order in which they did, and of a million entries hardly any need be named.
 *
 * @returns where they stand in their blocks
 */
function* unalignedEntries(
  { old, now }: BlockPair,
  stride: Stride,
): Steps<{ readonly came: number[]; readonly went: number[] }> {
  const [came, went]: [number[], number[]] = [[], []];
  let before = placeAt(old, old === undefined ? 0 : firstEntry(old));
  let after = placeAt(now, now === undefined ? 0 : firstEntry(now));
  const passOld = () => {
    if (before === null) return;
    went.push(before.entry);
    before = following(before);
  };
  const passNow = () => {
    if (after === null) return;
    came.push(after.entry);
    after = following(after);
  };
  while (before !== null && after !== null) {
    if (stride.isOver()) yield;
    if (sameEntry(before, after)) {
      before = following(before);
      after = following(after);
      continue;
    }
    const [cameSteps, wentSteps] = [stepsTo(after, before), stepsTo(before, after)];
    for (let step = 0; step < (cameSteps ?? (wentSteps === null ? 1 : 0)); step += 1) passNow();
    if (cameSteps === null) for (let step = 0; step < (wentSteps ?? 1); step += 1) passOld();
  }
  while (before !== null || after !== null) {
    if (stride.isOver()) yield;
    passOld();
    passNow();
  }
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
