/**
 * Files, packed. Half a million entries as objects would cost hundreds of megabytes and seconds of garbage collection,
 * so a tree is a list of segments of 32-bit words in this machine's byte order, which workers hand over without a copy.
 *
 * A segment is a row of blocks, one for each directory that was read:
 *
 *     words of the block · bytes of the path · entries · status · path, zero-padded · entry …
 *
 * and an entry is `entryField` below, followed by its name and its extended attributes, zero-padded to a whole word.
 * A directory that nobody touched gives the same block twice, word for word: that is what makes a diff cheap.
 *
 * Paths and names are bytes. As strings they are held with one character a byte (`latin1`), never decoded.
 */
export const blockField = { words: 0, pathBytes: 1, entries: 2, status: 3 } as const;
export const blockHeaderWords = 4;

/** Offsets in words. Times are seconds (two words, low first) and nanoseconds. */
export const entryField = {
  /** The mode with its kind in the low 16 bits, the length of the name in bytes above. */
  modeAndName: 0,
  links: 1,
  uid: 2,
  gid: 3,
  ino: 4,
  size: 6,
  modified: 8,
  changed: 11,
  born: 14,
  /** Of a device node: major number in the high 12 bits, minor below. */
  device: 17,
  /** The `stx_attributes` of statx(2) that mean something for residue. */
  flags: 18,
  /** Length of the packed extended attributes in bytes. */
  xattrBytes: 19,
} as const;
export const entryWords = 20;

/** What became of a directory that was to be read; anything above `gone` is an errno. */
export const blockStatus = { read: 0, gone: -1 } as const;

/** Path of the block that holds the scan's roots themselves, whose parents were not read. */
export const rootsPath = "";

export interface Segment {
  readonly words: Int32Array;
  /** How many words at the beginning are in use. */
  readonly used: number;
}

export interface Tree {
  readonly segments: readonly Segment[];
  /** Path of a directory → where its block starts: segment × 2^32 + word. */
  readonly index: ReadonlyMap<string, number>;
  /** Whether a block is the same as the one at a place, of a tree of which the words are not at hand. */
  readonly isSame?: (place: number, words: Int32Array, at: number) => boolean;
}

export interface Block {
  readonly words: Int32Array;
  /** First word, and the word after the last. */
  readonly start: number;
  readonly end: number;
  readonly status: number;
}

/** Of the places in an index: segment × this + word. */
export const segmentFactor = 2 ** 32;

/**
 * A tree of segments; a later block of the same path replaces an earlier one, or strikes it out. The index is made when
 * it is first asked for: a snapshot that goes to a file never needs it.
 */
export function indexTree(segments: readonly Segment[]): Tree {
  let index: Map<string, number> | undefined;
  return {
    segments,
    get index() {
      index ??= addToIndex(new Map(), segments, 0);
      return index;
    },
  };
}

/** The tree with more segments, whose blocks replace those of the same paths. */
export function withSegments(tree: Tree, segments: readonly Segment[]): Tree {
  if (segments.length === 0) return tree;
  const index = addToIndex(new Map(tree.index), segments, tree.segments.length);
  const used = new Set<number>();
  for (const place of index.values()) used.add(Math.floor(place / segmentFactor));
  // What all was read once more gives its room back; the numbers of the others stay.
  const kept = tree.segments.map((segment, number) => (used.has(number) || strikesOut(segment) ? segment : noSegment));
  return { segments: [...kept, ...segments], index };
}

const noSegment: Segment = { words: new Int32Array(0), used: 0 };

/** Whether it says of a block in an earlier segment that it is gone: whoever makes the index anew has to know. */
function strikesOut({ words, used }: Segment): boolean {
  for (let at = 0; at < used; at += words[at + blockField.words] as number)
    if (words[at + blockField.status] === blockStatus.gone) return true;
  return false;
}

/** @param firstNumber of these segments in their tree */
export function addToIndex(
  index: Map<string, number>,
  segments: readonly Segment[],
  firstNumber: number,
): Map<string, number> {
  for (const [offset, { words, used }] of segments.entries()) {
    const base = (firstNumber + offset) * segmentFactor;
    for (let at = 0; at < used; at += words[at + blockField.words] as number) {
      const path = pathOf(words, at);
      if (words[at + blockField.status] === blockStatus.gone) index.delete(path);
      else index.set(path, base + at);
    }
  }
  return index;
}

function pathOf(words: Int32Array, block: number): string {
  const start = (block + blockHeaderWords) * 4;
  return bytesOf(words).toString("latin1", start, start + (words[block + blockField.pathBytes] as number));
}

export function blockAt(tree: Tree, path: string): Block | undefined {
  const place = tree.index.get(path);
  if (place === undefined) return undefined;
  const words = (tree.segments[Math.floor(place / segmentFactor)] as Segment).words;
  const start = place % segmentFactor;
  const end = start + (words[start + blockField.words] as number);
  return { words, start, end, status: words[start + blockField.status] as number };
}

/** The word at which a block's first entry starts. */
export function firstEntry(block: Block): number {
  return block.start + blockHeaderWords + wordsFor(block.words[block.start + blockField.pathBytes] as number);
}

export function nextEntry(block: Block, entry: number): number {
  const { words } = block;
  const nameBytes = (words[entry] as number) >>> 16;
  return entry + entryWords + wordsFor(nameBytes + (words[entry + entryField.xattrBytes] as number));
}

export function entryName(block: Block, entry: number): string {
  const start = (entry + entryWords) * 4;
  return bytesOf(block.words).toString("latin1", start, start + ((block.words[entry] as number) >>> 16));
}

/** What one walk gave, in one pass over its blocks and without an index: in a walk every directory has one block. */
export interface SegmentsSurvey {
  readonly entries: number;
  /** Path of each directory that could not be read (one character a byte) → errno. */
  readonly refused: ReadonlyMap<string, number>;
}

export function surveySegments(segments: readonly Segment[], earlier?: SegmentsSurvey): SegmentsSurvey {
  let entries = earlier?.entries ?? 0;
  const refused = new Map(earlier?.refused);
  for (const { words, used } of segments) {
    for (let at = 0; at < used; at += words[at + blockField.words] as number) {
      const status = words[at + blockField.status] as number;
      if (status === blockStatus.gone || words[at + blockField.pathBytes] === 0) continue;
      entries += words[at + blockField.entries] as number;
      if (status > 0) refused.set(pathOf(words, at), status);
    }
  }
  return { entries, refused };
}

/** Joins a directory's path and a name as the blocks do. */
export function joinPath(directory: string, name: string): string {
  if (directory === rootsPath) return name;
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

export function wordsFor(byteCount: number): number {
  return (byteCount + 3) >>> 2;
}

const views = new WeakMap<Int32Array, Buffer>();

/** A segment's bytes. A view costs more than what is read through it, so each segment has one. */
export function bytesOf(words: Int32Array): Buffer {
  let view = views.get(words);
  if (view === undefined) {
    view = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
    views.set(words, view);
  }
  return view;
}
