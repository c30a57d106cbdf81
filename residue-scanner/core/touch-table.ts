import type { Touch } from "./recording.ts";
import { type Happening, noTouch, touchBit, TouchChains, type TouchChainsOptions } from "./touch-chains.ts";

/** One directory's names, each with its chain of touches, and the chain of the directory itself. */
export interface TouchedDirectory {
  readonly key: string;
  readonly names: Map<string, number>;
  self: number;
}

/** A name in a directory. */
export interface TouchedName {
  readonly directory: TouchedDirectory;
  readonly name: string;
}

const entryBits = touchBit.created | touchBit.deleted | touchBit["moved-from"] | touchBit["moved-to"];
const comingBits = touchBit.created | touchBit["moved-to"];
/** In place of a chain: the name came and went. */
const gone = -2;
/** So many names that came and went are remembered, because the file behind one may still be closed or changed. */
const goneMax = 10_000;

/**
 * Who touched which name, for as many as fit.
 *
 * A name that was created during the recording and is deleted again is forgotten: it is as absent as it was, so that no
 * comparison will ask. Its directory keeps that somebody changed its entries, as a `modified` of its own.
 */
export class TouchTable {
  /** Names that came and went. */
  forgotten = 0;
  private readonly chains: TouchChains;
  private readonly directories = new Map<string, TouchedDirectory>();
  private goneNames: TouchedName[] = [];

  constructor(options: TouchChainsOptions) {
    this.chains = new TouchChains(options);
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
    const made = { key, names: new Map<string, number>(), self: noTouch };
    this.directories.set(key, made);
    return made;
  }

  /** A directory that is gone, and that was not there when the recording began: no comparison asks about its names. */
  forgetDirectory(key: string): void {
    const directory = this.directories.get(key);
    if (directory === undefined) return;
    for (const head of directory.names.values()) if (head !== gone) this.chains.forget(head);
    this.chains.forget(directory.self);
    directory.names.clear();
    directory.self = noTouch;
    this.directories.delete(key);
  }

  /**
   * @param name `.` for the directory itself
   * @returns whether the name came and went, and is forgotten
   */
  add(directory: TouchedDirectory, name: string, happening: Happening): boolean {
    if (name === ".") {
      directory.self = this.chains.touch(directory.self, happening, false);
      return false;
    }
    const { kinds } = happening;
    if ((kinds & entryBits) !== 0) this.entriesChanged(directory, happening);
    const known = directory.names.get(name) ?? noTouch;
    const isComing = (kinds & comingBits) !== 0;
    // The file behind a name that is gone was closed late, or changed through a descriptor.
    if (known === gone && !isComing) return false;
    const head = known === gone ? noTouch : known;
    const isNew = (kinds & touchBit.created) !== 0 || known === gone;
    if ((kinds & touchBit.deleted) !== 0 && (head === noTouch ? isNew : this.chains.wasAbsent(head))) {
      this.forget({ directory, name }, head);
      return true;
    }
    const now = this.chains.touch(head, happening, isNew);
    if (now !== known && now !== noTouch) directory.names.set(name, now);
    return false;
  }

  /** Whoever wrote what now has another name touched that name too. */
  rename(from: TouchedName, to: TouchedName, happening: Happening): void {
    const known = from.directory.names.get(from.name) ?? noTouch;
    const head = known === gone ? noTouch : known;
    for (const { by, kinds, atMs } of this.chains.rows(head)) {
      if (by !== happening.by) this.addCarried(to, { by, kinds: carriedOver(kinds), atMs });
    }
    if (head !== noTouch && this.chains.wasAbsent(head)) {
      this.entriesChanged(from.directory, happening);
      this.forget(from, head);
    } else this.add(from.directory, from.name, { ...happening, kinds: touchBit["moved-from"] });
    this.add(to.directory, to.name, { ...happening, kinds: touchBit["moved-to"] });
  }

  /** @returns the first first; empty where nothing is known */
  of(key: string, name: string): Touch[] {
    const directory = this.directories.get(key);
    const head = name === "." ? directory?.self : directory?.names.get(name);
    return head === undefined || head === gone ? [] : this.chains.read(head);
  }

  private addCarried({ directory, name }: TouchedName, happening: Happening): void {
    const known = directory.names.get(name) ?? noTouch;
    if (happening.kinds === 0) return;
    const now = this.chains.touch(known === gone ? noTouch : known, happening, known === gone);
    if (now !== noTouch) directory.names.set(name, now);
  }

  private entriesChanged(directory: TouchedDirectory, { by, atMs }: Happening): void {
    directory.self = this.chains.touch(directory.self, { kinds: touchBit.modified, by, atMs }, false);
  }

  private forget(name: TouchedName, head: number): void {
    this.forgotten += 1;
    this.chains.forget(head);
    name.directory.names.set(name.name, gone);
    this.goneNames.push(name);
    if (this.goneNames.length < goneMax * 2) return;
    for (const { directory, name } of this.goneNames.slice(0, goneMax))
      if (directory.names.get(name) === gone) directory.names.delete(name);
    this.goneNames = this.goneNames.slice(goneMax);
  }
}

/** What was done to the old name, said of the new one: that one's content and attributes came from it. */
function carriedOver(kinds: number): number {
  const isWritten = (kinds & (touchBit.created | touchBit.modified | touchBit["moved-to"])) !== 0;
  return (kinds & touchBit.attributes) | (isWritten ? touchBit.modified : 0);
}
