import { type NameBytes, NameTable, noRow } from "./name-table.ts";
import { addTouches, sortedTouches } from "./joined-touches.ts";
import type { Touch } from "./recording.ts";
import type { Takings } from "./takings.ts";
import { type Happening, noTouch, touchBit, TouchChains, type TouchChainsOptions } from "./touch-chains.ts";

/** One directory: its number, and the chain of touches of itself. */
export interface TouchedDirectory {
  readonly key: string;
  readonly id: number;
  self: number;
}

/** A name in a directory; none, or `.`, is the directory itself. */
export interface TouchedName {
  directory: TouchedDirectory;
  bytes: Uint8Array;
  start: number;
  end: number;
}

const entryBits = touchBit.created | touchBit.deleted | touchBit["moved-from"] | touchBit["moved-to"];
const comingBits = touchBit.created | touchBit["moved-to"];
/** In place of a chain: the name came and went, and nothing was kept of it. What is below tells the chain: see `goneAs`. */
const gone = -2;
/**
 * So many names that came and went are remembered: the file behind one may still be closed or changed, and a reading of
 * the host that went on meanwhile may have seen it.
 */
const goneMax = 10_000;
const dot = 0x2e;

/**
 * Who touched which name, for as many as fit.
 *
 * A name that was created during the recording and is deleted again is forgotten after a while: it is as absent as it
 * was, so that only a comparison with a reading that saw it in between will ask. Its directory keeps that somebody
 * changed its entries, as a `modified` of its own.
 */
export class TouchTable {
  /** Names that came and went. */
  forgotten = 0;
  /** Who took away what another one had made. */
  readonly takings: Takings | null;
  private readonly chains: TouchChains;
  private readonly names = new NameTable();
  private readonly directories = new Map<string, TouchedDirectory>();
  private readonly place: NameBytes = { directory: 0, bytes: new Uint8Array(), start: 0, end: 0 };
  private goneRows: number[] = [];
  private nextDirectory = 0;

  constructor(options: TouchChainsOptions, takings: Takings | null = null) {
    this.chains = new TouchChains(options);
    this.takings = takings;
  }

  get dropped(): number {
    return this.chains.dropped;
  }

  get kept(): number {
    return this.chains.kept;
  }

  /** @param key the file system's id and the directory's handle as the kernel wrote them, one character a byte */
  directory(key: string): TouchedDirectory {
    const known = this.directories.get(key);
    if (known !== undefined) return known;
    const made = { key, id: this.nextDirectory++, self: noTouch };
    this.directories.set(key, made);
    return made;
  }

  /** A directory that is gone, and that was not there when the recording began; all its names are gone before it. */
  forgetDirectory(key: string): void {
    const directory = this.directories.get(key);
    if (directory === undefined) return;
    this.chains.forget(directory.self);
    directory.self = noTouch;
    this.directories.delete(key);
  }

  /** @returns whether the name came and went, and is forgotten */
  add(name: TouchedName, happening: Happening): boolean {
    const { directory } = name;
    if (isItself(name)) {
      directory.self = this.chains.touch(directory.self, happening, false);
      return false;
    }
    const { kinds } = happening;
    if ((kinds & entryBits) !== 0) this.entriesChanged(directory, happening);
    const row = this.rowOf(name);
    const known = row === noRow ? noTouch : this.names.valueOf(row);
    // The file behind a name that is gone was closed late, or changed through a descriptor.
    if (isGone(known) && (kinds & comingBits) === 0) return false;
    const head = this.begunAgain(known);
    const isNew = (kinds & touchBit.created) !== 0 || isGone(known);
    if ((kinds & touchBit.deleted) !== 0 && (head === noTouch ? isNew : this.chains.wasAbsent(head))) {
      this.noteTaking(head, happening);
      this.forget(row, this.chains.touch(head, happening, isNew));
      return true;
    }
    this.put(row, this.chains.touch(head, happening, isNew));
    return false;
  }

  /** Who wrote what is under a name now, as far as it had that name. @returns serials */
  writersOf(name: TouchedName): number[] {
    const row = this.rowOf(name);
    const head = row === noRow ? noTouch : this.names.valueOf(row);
    const rows = isGone(head) ? [] : [...this.chains.rows(head)];
    return rows.filter(({ kinds }) => (carriedOver(kinds) & touchBit.modified) !== 0).map(({ by }) => by);
  }

  /** Whoever wrote what now has another name touched that name too. */
  rename(from: TouchedName, to: TouchedName, happening: Happening): void {
    const row = this.rowOf(from);
    const known = row === noRow ? noTouch : this.names.valueOf(row);
    const head = isGone(known) ? noTouch : known;
    for (const { by, kinds, atMs } of this.chains.rows(head)) {
      if (by !== happening.by) this.addCarried(to, { by, kinds: carriedOver(kinds), atMs });
    }
    if (head !== noTouch && this.chains.wasAbsent(head)) {
      this.noteTaking(head, happening);
      this.entriesChanged(from.directory, happening);
      this.forget(row, this.chains.touch(head, { ...happening, kinds: touchBit["moved-from"] }, true));
    } else this.add(from, { ...happening, kinds: touchBit["moved-from"] });
    this.add(to, { ...happening, kinds: touchBit["moved-to"] });
  }

  /**
   * @param name one character a byte; `.` for the directory itself
   * @returns the first first; empty where nothing is known
   */
  of(key: string, name: string): Touch[] {
    const directory = this.directories.get(key);
    if (directory === undefined) return [];
    if (name === ".") return this.chains.read(directory.self);
    const bytes = Buffer.from(name, "latin1");
    const row = this.rowOf({ directory, bytes, start: 0, end: bytes.length });
    const head = row === noRow ? noTouch : this.names.valueOf(row);
    return this.chains.read(isGone(head) ? chainOf(head) : head);
  }

  /**
   * What was done to any name in each of these directories that is there now, or was at the beginning.
   *
   * @returns by the directory's key; the first first
   */
  ofEntries(keys: readonly string[]): Map<string, Touch[]> {
    const asked = new Map<number, { readonly key: string; readonly touches: Map<number, Touch> }>();
    for (const key of keys) {
      const directory = this.directories.get(key);
      if (directory !== undefined) asked.set(directory.id, { key, touches: new Map() });
    }
    if (asked.size === 0) return new Map();
    for (const { row, directory } of this.names.rowsIn(new Set(asked.keys()))) {
      const head = this.names.valueOf(row);
      const one = asked.get(directory);
      if (one !== undefined && !isGone(head)) addTouches(one.touches, this.chains.read(head));
    }
    return new Map([...asked.values()].map(({ key, touches }) => [key, sortedTouches(touches)]));
  }

  private rowOf({ directory, bytes, start, end }: TouchedName): number {
    const { place } = this;
    place.directory = directory.id;
    place.bytes = bytes;
    place.start = start;
    place.end = end;
    return this.names.find(place);
  }

  /** Sets the chain of the name that `rowOf` looked for last. */
  private put(row: number, head: number): void {
    if (row !== noRow) this.names.setValue(row, head);
    else if (head !== noTouch) this.names.insert(this.place, head);
  }

  private noteTaking(head: number, { by: taker, atMs: takenMs }: Happening): void {
    if (this.takings === null) return;
    for (const { by, kinds, firstMs: madeMs } of this.chains.rows(head)) {
      if ((kinds & comingBits) !== 0) this.takings.note({ by, taker, madeMs, takenMs });
    }
  }

  private addCarried(to: TouchedName, happening: Happening): void {
    if (happening.kinds === 0) return;
    const row = this.rowOf(to);
    const known = row === noRow ? noTouch : this.names.valueOf(row);
    this.put(row, this.chains.touch(this.begunAgain(known), happening, isGone(known)));
  }

  private entriesChanged(directory: TouchedDirectory, { by, atMs }: Happening): void {
    directory.self = this.chains.touch(directory.self, { kinds: touchBit.modified, by, atMs }, false);
  }

  /** What was kept of a name that came and went is of no use when it comes again; its value is to be set next. */
  private begunAgain(known: number): number {
    if (!isGone(known)) return known;
    this.chains.forget(chainOf(known));
    return noTouch;
  }

  /** The name that `rowOf` looked for last came and went. */
  private forget(row: number, head: number): void {
    this.forgotten += 1;
    const kept = row === noRow ? this.names.insert(this.place, gone) : row;
    this.names.setValue(kept, goneAs(head));
    this.goneRows.push(kept);
    if (this.goneRows.length < goneMax * 2) return;
    for (const row of this.goneRows.slice(0, goneMax)) {
      const value = this.names.valueOf(row);
      if (!isGone(value)) continue;
      this.chains.forget(chainOf(value));
      this.names.remove(row);
    }
    this.goneRows = this.goneRows.slice(goneMax);
  }
}

function isGone(value: number): boolean {
  return value <= gone;
}

/** The value of a name that came and went, with what is kept of it: `gone` for `noTouch`, and downwards from there. */
function goneAs(head: number): number {
  return gone - 1 - head;
}

/** The chain of which `goneAs` made a value. */
function chainOf(value: number): number {
  return gone - 1 - value;
}

/** Whether it is no name in the directory, but the directory. */
export function isItself({ bytes, start, end }: TouchedName): boolean {
  return end === start || (end === start + 1 && bytes[start] === dot);
}

/** What was done to the old name, said of the new one: that one's content and attributes came from it. */
function carriedOver(kinds: number): number {
  const isWritten = (kinds & (touchBit.created | touchBit.modified | touchBit["moved-to"])) !== 0;
  return (kinds & touchBit.attributes) | (isWritten ? touchBit.modified : 0);
}
