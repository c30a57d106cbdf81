import { assert } from "../../foundation/assert.ts";
import { blockField, blockHeaderWords, entryField, entryWords, type Segment, wordsFor } from "./packed-tree.ts";

const segmentWordsDefault = 2 ** 20;
/**
 * The first segment is small and each further one twice as large, up to the most. What is seldom done, such as handing a
 * full segment over, is then done before the compiler looks: code that it had made fast without having seen that would be
 * thrown away and made once more, in the midst of a walk. And who writes little takes little.
 */
const firstSegmentWords = 2 ** 12;

/** Writes blocks (`packed-tree.ts`). A block never spans two segments: one that outgrows its segment moves. */
export class TreeWriter {
  /** The current segment; both views change when a reservation makes the block move. */
  words: Int32Array;
  bytes: Uint8Array;
  /** The first free word. */
  end = 0;
  readonly #segmentWordsMax: number;
  #segmentWords: number;
  #full: Segment[] = [];
  #blockStart = 0;
  #entries = 0;

  /** @param segmentWordsMax room of a segment; a larger block has a segment of its own */
  constructor(segmentWordsMax = segmentWordsDefault) {
    this.#segmentWordsMax = segmentWordsMax;
    this.#segmentWords = Math.min(segmentWordsMax, firstSegmentWords);
    this.words = new Int32Array(this.#segmentWords);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  beginBlock(path: Uint8Array): void {
    this.#blockStart = this.end;
    this.#entries = 0;
    this.reserve(blockHeaderWords + wordsFor(path.length));
    this.words[this.end + blockField.pathBytes] = path.length;
    this.bytes.set(path, (this.end + blockHeaderWords) * 4);
    this.end += blockHeaderWords + wordsFor(path.length);
  }

  /** Makes room for that many words at `end`. They are zero. */
  reserve(words: number): void {
    if (this.end + words <= this.words.length) return;
    const outgrown = this.words;
    const block = outgrown.subarray(this.#blockStart, this.end);
    const isKept = this.#keepBefore(this.#blockStart);
    this.#segmentWords = Math.min(this.#segmentWordsMax, 2 * this.#segmentWords);
    this.words = new Int32Array(Math.max(this.#segmentWords, 2 * (block.length + words)));
    this.bytes = new Uint8Array(this.words.buffer);
    this.words.set(block);
    this.end -= this.#blockStart;
    this.#blockStart = 0;
    // A large directory outgrows one after the other, which together are as large as the last: garbage that is found late.
    if (!isKept) (outgrown.buffer as ArrayBuffer).transfer(0);
  }

  /** Closes the entry whose fields were written at `end`. */
  endEntry(nameBytes: number, xattrBytes: number): void {
    this.words[this.end + entryField.xattrBytes] = xattrBytes;
    this.end += entryWords + wordsFor(nameBytes + xattrBytes);
    this.#entries += 1;
  }

  endBlock(status: number): void {
    this.words[this.#blockStart + blockField.words] = this.end - this.#blockStart;
    this.words[this.#blockStart + blockField.entries] = this.#entries;
    this.words[this.#blockStart + blockField.status] = status;
  }

  /** Segments to which nothing more is written, each given once. */
  takeFull(): Segment[] {
    const full = this.#full;
    if (full.length > 0) this.#full = [];
    return full;
  }

  /** Everything written and not taken. The writer is not used again. */
  finish(): Segment[] {
    assert(this.end <= this.words.length, "nothing was written past the segment");
    this.#keepBefore(this.end);
    return this.#full;
  }

  /**
   * A directory of a million entries leaves segments behind that hold next to nothing: only what is in use is kept.
   *
   * @returns whether the segment itself is
   */
  #keepBefore(used: number): boolean {
    if (used === 0) return false;
    const words = 2 * used < this.words.length ? this.words.slice(0, used) : this.words;
    this.#full.push({ words, used });
    return words === this.words;
  }
}
