import {
  blockField,
  blockHeaderWords,
  blockStatus,
  bytesOf,
  type Segment,
  segmentFactor,
  type Tree,
} from "./packed-tree.ts";
import { TreeWriter } from "./tree-writer.ts";

const segmentWords = 2 ** 16;

/**
 * Another reading of the same directories as what differs from an earlier one: of half a million entries hardly any does,
 * and two readings take the room of one. What it gives is for `withSegments` on that earlier tree.
 */
export class TreeDelta {
  readonly #baseline: Tree;
  readonly #kept: Segment[] = [];
  /** Places in the baseline of the directories that are in both. */
  readonly #met = new Set<number>();
  #words = new Int32Array(segmentWords);
  #end = 0;

  constructor(baseline: Tree) {
    this.#baseline = baseline;
  }

  /**
   * Takes in a segment, in which every directory has one block; none of the others has one of the same path.
   *
   * @returns whether the segment itself is kept; if not, nothing needs it any more
   */
  add(segment: Segment): boolean {
    const { words, used } = segment;
    const others: number[] = [];
    let otherWords = 0;
    for (let at = 0; at < used; at += words[at + blockField.words] as number) {
      if (this.#isAsBefore(words, at)) continue;
      others.push(at);
      otherWords += words[at + blockField.words] as number;
    }
    // Blocks that are as they were may well stand twice.
    if (2 * otherWords > used) {
      this.#kept.push(segment);
      return true;
    }
    for (const at of others) this.#copy(words.subarray(at, at + (words[at + blockField.words] as number)));
    return false;
  }

  /** What was added, without what is as it was, and with what is no more. It is not used again. */
  finish(): Segment[] {
    if (this.#end > 0) this.#kept.push({ words: this.#words.slice(0, this.#end), used: this.#end });
    const writer = new TreeWriter();
    for (const [path, place] of this.#baseline.index) {
      if (this.#met.has(place)) continue;
      writer.beginBlock(Buffer.from(path, "latin1"));
      writer.endBlock(blockStatus.gone);
    }
    // Struck out first: nothing that was added is among these.
    return [...writer.finish(), ...this.#kept];
  }

  #isAsBefore(words: Int32Array, at: number): boolean {
    const start = (at + blockHeaderWords) * 4;
    const path = bytesOf(words).toString("latin1", start, start + (words[at + blockField.pathBytes] as number));
    const place = this.#baseline.index.get(path);
    if (place === undefined) return false;
    this.#met.add(place);
    if (this.#baseline.isSame !== undefined) return this.#baseline.isSame(place, words, at);
    const old = (this.#baseline.segments[Math.floor(place / segmentFactor)] as Segment).words;
    const shift = (place % segmentFactor) - at;
    // The first word is the length.
    const end = at + (words[at + blockField.words] as number);
    for (let each = at; each < end; each += 1) if (words[each] !== old[each + shift]) return false;
    return true;
  }

  #copy(block: Int32Array): void {
    if (this.#end + block.length > this.#words.length) {
      if (this.#end > 0) this.#kept.push({ words: this.#words.slice(0, this.#end), used: this.#end });
      this.#words = new Int32Array(Math.max(segmentWords, block.length));
      this.#end = 0;
    }
    this.#words.set(block, this.#end);
    this.#end += block.length;
  }
}
