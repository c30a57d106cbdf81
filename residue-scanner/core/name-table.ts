/** A name as bytes somewhere, in a directory known by a number. */
export interface NameBytes {
  directory: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

export const noRow = -1;
/** In place of a name's length. */
const removed = -1;
const initialRows = 1024;
const initialArenaBytes = 32 * 1024;
/** Room for names is given in steps, so that what one leaves fits another. */
const stepBytes = 16;
/** FNV-1a */
const hashBasis = 0x811c9dc5;
const hashPrime = 0x01000193;

/**
 * Numbers by name. As a `Map` of strings, a table of hundreds of thousands of names that are met once each takes twice the
 * time and the memory: every name would become an object first.
 */
export class NameTable {
  private buckets = new Int32Array(initialRows).fill(noRow);
  private hashes = new Int32Array(initialRows);
  private nexts = new Int32Array(initialRows);
  private directories = new Int32Array(initialRows);
  private places = new Int32Array(initialRows);
  private lengths = new Int32Array(initialRows);
  private values = new Int32Array(initialRows);
  private arena = new Uint8Array(initialArenaBytes);
  private arenaUsed = 0;
  private readonly freePlaces: number[][] = [];
  private used = 0;
  private free = noRow;

  /** @returns the name's row, which is its own until `remove`; `noRow` where it is not there */
  find(name: NameBytes): number {
    const hash = hashOf(name);
    let row = this.buckets[hash & (this.buckets.length - 1)] as number;
    while (row !== noRow && !(this.hashes[row] === hash && this.isAt(row, name))) row = this.nexts[row] as number;
    return row;
  }

  /** Adds a name that is not there. */
  insert(name: NameBytes, value: number): number {
    const row = this.newRow();
    const hash = hashOf(name);
    const length = name.end - name.start;
    const place = this.newPlace(length);
    for (let at = 0; at < length; at += 1) this.arena[place + at] = name.bytes[name.start + at] as number;
    this.hashes[row] = hash;
    this.directories[row] = name.directory;
    this.places[row] = place;
    this.lengths[row] = length;
    this.values[row] = value;
    this.link(row);
    return row;
  }

  valueOf(row: number): number {
    return this.values[row] as number;
  }

  setValue(row: number, value: number): void {
    this.values[row] = value;
  }

  /** The rows of all names that are there in any of these directories, in one pass over the table. */
  *rowsIn(directories: ReadonlySet<number>): Generator<{ readonly row: number; readonly directory: number }> {
    for (let row = 0; row < this.used; row += 1) {
      const directory = this.directories[row] as number;
      if (this.lengths[row] !== removed && directories.has(directory)) yield { row, directory };
    }
  }

  remove(row: number): void {
    const bucket = (this.hashes[row] as number) & (this.buckets.length - 1);
    let before = noRow;
    for (let at = this.buckets[bucket] as number; at !== row; at = this.nexts[at] as number) before = at;
    if (before === noRow) this.buckets[bucket] = this.nexts[row] as number;
    else this.nexts[before] = this.nexts[row] as number;
    (this.freePlaces[stepsFor(this.lengths[row] as number)] ??= []).push(this.places[row] as number);
    this.nexts[row] = this.free;
    this.free = row;
    this.values[row] = noRow;
    this.lengths[row] = removed;
  }

  private isAt(row: number, { directory, bytes, start, end }: NameBytes): boolean {
    const length = end - start;
    if (this.directories[row] !== directory || this.lengths[row] !== length) return false;
    const place = this.places[row] as number;
    for (let at = 0; at < length; at += 1) if (this.arena[place + at] !== bytes[start + at]) return false;
    return true;
  }

  private link(row: number): void {
    const bucket = (this.hashes[row] as number) & (this.buckets.length - 1);
    this.nexts[row] = this.buckets[bucket] as number;
    this.buckets[bucket] = row;
  }

  private newPlace(length: number): number {
    const steps = stepsFor(length);
    const left = this.freePlaces[steps]?.pop();
    if (left !== undefined) return left;
    const place = this.arenaUsed;
    this.arenaUsed += steps * stepBytes;
    if (this.arenaUsed > this.arena.length) this.arena = copied(this.arena, new Uint8Array(this.arena.length * 2));
    return place;
  }

  private newRow(): number {
    if (this.free !== noRow) {
      const row = this.free;
      this.free = this.nexts[row] as number;
      return row;
    }
    if (this.used === this.hashes.length) this.grow();
    return this.used++;
  }

  private grow(): void {
    const rows = this.hashes.length * 2;
    this.hashes = copied(this.hashes, new Int32Array(rows));
    this.nexts = copied(this.nexts, new Int32Array(rows));
    this.directories = copied(this.directories, new Int32Array(rows));
    this.places = copied(this.places, new Int32Array(rows));
    this.lengths = copied(this.lengths, new Int32Array(rows));
    this.values = copied(this.values, new Int32Array(rows));
    // All rows are in use: there would be a free one otherwise.
    this.buckets = new Int32Array(rows).fill(noRow);
    for (let row = 0; row < this.used; row += 1) this.link(row);
  }
}

function hashOf({ directory, bytes, start, end }: NameBytes): number {
  let hash = Math.imul(hashBasis ^ directory, hashPrime);
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), hashPrime);
  // Buckets go by the low bits, which see little of the last bytes' high ones.
  return hash ^ (hash >>> 15);
}

function stepsFor(length: number): number {
  return Math.ceil(length / stepBytes);
}

function copied<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
