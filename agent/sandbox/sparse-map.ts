import { limits } from "../../foundation/limits.ts";

/** A run of bytes of a sparse file; what lies between two is a hole, and reads as zeros. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The map at the head of a sparse file's content in the archive, as the format 1.0 of GNU tar has it ("Sparse Formats"
 * in its manual): the number of extents, then offset and length of each, one decimal number a line, filled up with
 * zeros to whole blocks. A hole at the end is an extent of no bytes there.
 */
export function sparseMap(extents: readonly Extent[], size: number): Buffer {
  const last = extents.at(-1);
  const all =
    last !== undefined && last.offset + last.bytes === size ? extents : [...extents, { offset: size, bytes: 0 }];
  const text = Buffer.from([all.length, ...all.flatMap(({ offset, bytes }) => [offset, bytes])].join("\n") + "\n");
  return Buffer.concat([text, Buffer.alloc(-text.length & (blockBytes - 1))]);
}

const blockBytes = 512;
const digitsMax = 16;
/** Every other block of the largest content, and the end. */
const extentsMax = limits.checkpointContentBytesMax / 4_096 + 1;
const lineBreak = 0x0a;
const zero = 0x30;

/** Reads the map from the beginning of a content that comes piece by piece. */
export class SparseMapReader {
  readonly #size: number;
  readonly #extents: Extent[] = [];
  #digits = 0;
  #number = 0;
  #count: number | null = null;
  #offset: number | null = null;
  #read = 0;
  #data: readonly Extent[] | null = null;

  /** @param size the file's, with all its holes */
  constructor(size: number) {
    this.#size = size;
  }

  /** The extents once the map is whole, else null; those of no bytes are left out. */
  get extents(): readonly Extent[] | null {
    return this.#data;
  }

  /**
   * Takes what belongs to the map and returns the rest.
   *
   * @throws Error for what is no map of a file of that size
   */
  take(chunk: Uint8Array): Uint8Array {
    for (const [index, byte] of chunk.entries()) {
      if (this.#data !== null) return chunk.subarray(index);
      this.#read += 1;
      if (this.#isComplete()) requireMap(byte === 0);
      else if (byte === lineBreak) this.#endNumber();
      else this.#addDigit(byte);
      if (this.#read % blockBytes === 0 && this.#isComplete())
        this.#data = this.#extents.filter(({ bytes }) => bytes > 0);
    }
    return new Uint8Array();
  }

  #isComplete(): boolean {
    return this.#count !== null && this.#extents.length === this.#count && this.#offset === null;
  }

  #addDigit(byte: number): void {
    requireMap(byte >= zero && byte <= zero + 9 && this.#digits < digitsMax);
    this.#digits += 1;
    this.#number = this.#number * 10 + byte - zero;
  }

  #endNumber(): void {
    requireMap(this.#digits > 0);
    const number = this.#number;
    this.#number = 0;
    this.#digits = 0;
    if (this.#count === null) {
      requireMap(number <= extentsMax);
      this.#count = number;
    } else if (this.#offset === null) {
      const last = this.#extents.at(-1);
      requireMap(number >= (last === undefined ? 0 : last.offset + last.bytes));
      this.#offset = number;
    } else {
      requireMap(this.#offset + number <= this.#size);
      this.#extents.push({ offset: this.#offset, bytes: number });
      this.#offset = null;
    }
  }
}

function requireMap(holds: boolean): void {
  if (!holds) throw new Error("a sparse file's map is none");
}
