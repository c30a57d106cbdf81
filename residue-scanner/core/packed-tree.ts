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
  readonly segments: Segment[];
  /** Path of a directory → where its block starts: segment × 2^32 + word. */
  readonly index: Map<string, number>;
}

export interface Block {
  readonly words: Int32Array;
  readonly bytes: Buffer;
  /** First word, and the word after the last. */
  readonly start: number;
  readonly end: number;
  readonly status: number;
}

const segmentFactor = 2 ** 32;

/** Finds every block in the segments; a later block of the same path replaces an earlier one, or strikes it out. */
export function indexTree(segments: Segment[]): Tree {
  const tree: Tree = { segments: [], index: new Map() };
  for (const segment of segments) addSegment(tree, segment);
  return tree;
}

export function addSegment(tree: Tree, segment: Segment): void {
  const number = tree.segments.push(segment) - 1;
  const { words, used } = segment;
  const bytes = bytesOf(words);
  for (let at = 0; at < used; at += words[at + blockField.words] as number) {
    const pathStart = (at + blockHeaderWords) * 4;
    const path = bytes.toString("latin1", pathStart, pathStart + (words[at + blockField.pathBytes] as number));
    if (words[at + blockField.status] === blockStatus.gone) tree.index.delete(path);
    else tree.index.set(path, number * segmentFactor + at);
  }
}

export function blockAt(tree: Tree, path: string): Block | undefined {
  const place = tree.index.get(path);
  if (place === undefined) return undefined;
  const words = (tree.segments[Math.floor(place / segmentFactor)] as Segment).words;
  const start = place % segmentFactor;
  const end = start + (words[start + blockField.words] as number);
  return { words, bytes: bytesOf(words), start, end, status: words[start + blockField.status] as number };
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
  return block.bytes.toString("latin1", start, start + ((block.words[entry] as number) >>> 16));
}

/** How many entries all blocks hold together. */
export function countEntries(tree: Tree): number {
  let count = 0;
  for (const path of tree.index.keys()) {
    const block = blockAt(tree, path);
    if (block !== undefined && path !== rootsPath) count += block.words[block.start + blockField.entries] as number;
  }
  return count;
}

/** Joins a directory's path and a name as the blocks do. */
export function joinPath(directory: string, name: string): string {
  if (directory === rootsPath) return name;
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

export function wordsFor(byteCount: number): number {
  return (byteCount + 3) >>> 2;
}

function bytesOf(words: Int32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}
