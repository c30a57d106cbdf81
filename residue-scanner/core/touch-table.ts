import { type Touch, type TouchKind, touchKinds } from "./recording.ts";

/** `touchKinds` as bits, in their order. */
export const touchBit: Readonly<Record<TouchKind, number>> = {
  created: 1,
  deleted: 2,
  "moved-from": 4,
  "moved-to": 8,
  attributes: 16,
  modified: 32,
};
/** The name was not there when the recording began: the first that happened to it is that it was created. */
const startedAbsent = 64;
const kindBits = 63;
const entryBits = touchBit.created | touchBit.deleted | touchBit["moved-from"] | touchBit["moved-to"];

export interface TouchTableOptions {
  /** The most touches that are kept; what comes beyond is counted in `dropped`. */
  readonly touchesMax: number;
  /** Told of each touch that is kept, and of each that is not kept any longer. */
  readonly retain: (by: number) => void;
  readonly release: (by: number) => void;
}

/** What happened to one name, by whom, when: what the table takes in. */
export interface Happening {
  readonly kinds: number;
  /** `serial` of the process. */
  readonly by: number;
  readonly atMs: number;
}

/** One directory's names, each with the place of its latest touch. `.` is the directory itself. */
export interface TouchedDirectory {
  readonly key: string;
  readonly names: Map<string, number>;
}

const none = -1;
const initialTouches = 1024;
/** A name that so many processes touch in turn may get a second touch of one process, which is joined when asked for. */
const depthMax = 16;

/**
 * Who touched which name, for as many as fit. The touches are rows of typed arrays, because a burst brings hundreds of
 * thousands of them: a chain for each name, the latest first.
 *
 * A name that was created during the recording and is deleted again is forgotten: it is as absent as it was, so that no
 * comparison will ask. Its directory keeps that somebody changed its entries, as a `modified` of its own.
 */
export class TouchTable {
  dropped = 0;
  /** Names that came and went. */
  forgotten = 0;
  kept = 0;
  private readonly options: TouchTableOptions;
  private readonly directories = new Map<string, TouchedDirectory>();
  private bys = new Int32Array(initialTouches);
  private kinds = new Uint8Array(initialTouches);
  private firsts = new Float64Array(initialTouches);
  private lasts = new Float64Array(initialTouches);
  private nexts = new Int32Array(initialTouches);
  private used = 0;
  private free = none;

  constructor(options: TouchTableOptions) {
    this.options = options;
  }

  /** @param key the file system's id and the directory's handle as the kernel wrote them, one character a byte */
  directory(key: string): TouchedDirectory {
    const known = this.directories.get(key);
    if (known !== undefined) return known;
    const made = { key, names: new Map<string, number>() };
    this.directories.set(key, made);
    return made;
  }

  has(key: string): boolean {
    return this.directories.has(key);
  }

  /** A directory that is gone, and that was not there when the recording began: no comparison asks about its names. */
  forgetDirectory(key: string): void {
    const directory = this.directories.get(key);
    if (directory === undefined) return;
    for (const name of directory.names.keys()) this.forget(directory, name);
    this.directories.delete(key);
  }

  /** @returns whether the name came and went, and is forgotten */
  add(directory: TouchedDirectory, name: string, happening: Happening): boolean {
    const { kinds } = happening;
    if ((kinds & entryBits) !== 0) this.touch(directory, ".", { ...happening, kinds: touchBit.modified });
    const head = directory.names.get(name);
    const isGone = (kinds & touchBit.deleted) !== 0;
    const cameAndWent = head === undefined ? (kinds & touchBit.created) !== 0 : this.wasAbsent(head);
    if (isGone && cameAndWent) this.forget(directory, name);
    else this.touch(directory, name, happening);
    return isGone && cameAndWent;
  }

  /** Whoever wrote what now has another name touched that name too. */
  rename(
    from: { directory: TouchedDirectory; name: string },
    to: { directory: TouchedDirectory; name: string },
    happening: Happening,
  ): void {
    for (let at = from.directory.names.get(from.name) ?? none; at !== none; at = this.nexts[at] as number) {
      const kinds = carriedOver(this.kinds[at] as number);
      const { [at]: by } = this.bys;
      if (kinds !== 0 && by !== happening.by)
        this.touch(to.directory, to.name, { by: by as number, kinds, atMs: this.lasts[at] as number });
    }
    const head = from.directory.names.get(from.name);
    if (head !== undefined && this.wasAbsent(head)) this.forget(from.directory, from.name);
    else this.touch(from.directory, from.name, { ...happening, kinds: touchBit["moved-from"] });
    this.touch(to.directory, to.name, { ...happening, kinds: touchBit["moved-to"] });
    for (const { directory } of [from, to]) this.touch(directory, ".", { ...happening, kinds: touchBit.modified });
  }

  /** @returns the first first; empty where nothing is known */
  of(key: string, name: string): Touch[] {
    const byProcess = new Map<number, { kinds: number; firstMs: number; lastMs: number }>();
    for (let at = this.directories.get(key)?.names.get(name) ?? none; at !== none; at = this.nexts[at] as number) {
      const [by, firstMs, lastMs] = [this.bys[at] as number, this.firsts[at] as number, this.lasts[at] as number];
      const joined = byProcess.get(by) ?? { kinds: 0, firstMs, lastMs };
      byProcess.set(by, {
        kinds: joined.kinds | ((this.kinds[at] as number) & kindBits),
        firstMs: Math.min(joined.firstMs, firstMs),
        lastMs: Math.max(joined.lastMs, lastMs),
      });
    }
    return [...byProcess]
      .reverse()
      .map(([by, { kinds, firstMs, lastMs }]) => ({ by, kinds: touchKindsOf(kinds), firstMs, lastMs }))
      .sort((one, other) => one.firstMs - other.firstMs);
  }

  private wasAbsent(head: number): boolean {
    return ((this.kinds[head] as number) & startedAbsent) !== 0;
  }

  private touch(directory: TouchedDirectory, name: string, { kinds, by, atMs }: Happening): void {
    const head = directory.names.get(name) ?? none;
    let depth = 0;
    for (let at = head; at !== none && depth < depthMax; at = this.nexts[at] as number, depth += 1) {
      if (this.bys[at] !== by) continue;
      this.kinds[at] = (this.kinds[at] as number) | kinds;
      this.lasts[at] = atMs;
      return;
    }
    const row = this.newRow();
    if (row === none) return;
    const absent = head === none ? (kinds & touchBit.created) !== 0 : this.wasAbsent(head);
    this.bys[row] = by;
    this.kinds[row] = kinds | (absent ? startedAbsent : 0);
    this.firsts[row] = atMs;
    this.lasts[row] = atMs;
    this.nexts[row] = head;
    directory.names.set(name, row);
    this.options.retain(by);
  }

  private forget(directory: TouchedDirectory, name: string): void {
    this.forgotten += 1;
    for (let at = directory.names.get(name) ?? none; at !== none; ) {
      const next = this.nexts[at] as number;
      this.options.release(this.bys[at] as number);
      this.nexts[at] = this.free;
      this.free = at;
      this.kept -= 1;
      at = next;
    }
    directory.names.delete(name);
  }

  private newRow(): number {
    if (this.kept >= this.options.touchesMax) {
      this.dropped += 1;
      return none;
    }
    this.kept += 1;
    if (this.free !== none) {
      const row = this.free;
      this.free = this.nexts[row] as number;
      return row;
    }
    if (this.used === this.bys.length) this.grow();
    return this.used++;
  }

  private grow(): void {
    const rows = this.bys.length * 2;
    this.bys = grown(this.bys, new Int32Array(rows));
    this.kinds = grown(this.kinds, new Uint8Array(rows));
    this.firsts = grown(this.firsts, new Float64Array(rows));
    this.lasts = grown(this.lasts, new Float64Array(rows));
    this.nexts = grown(this.nexts, new Int32Array(rows));
  }
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(rows: T, more: T): T {
  more.set(rows);
  return more;
}

/** What was done to the old name, said of the new one: that one's content and attributes came from it. */
function carriedOver(kinds: number): number {
  const isWritten = (kinds & (touchBit.created | touchBit.modified | touchBit["moved-to"])) !== 0;
  return (kinds & touchBit.attributes) | (isWritten ? touchBit.modified : 0);
}

export function touchKindsOf(bits: number): TouchKind[] {
  return touchKinds.filter((kind) => (bits & touchBit[kind]) !== 0);
}
