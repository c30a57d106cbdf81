import { statSync } from "node:fs";
import { getSystemErrorName } from "node:util";

import { FileEventCursor, fileEventMask, type NamePlace } from "../core/file-events.ts";
import { ChangedDirectories } from "../core/changed-directories.ts";
import { EventDoers } from "../core/event-doers.ts";
import type { Lineage } from "../core/lineage.ts";
import { type RecorderSource, unknownProcess } from "../core/recording.ts";
import { type HandleBytes, RecentWriters } from "../core/recent-writers.ts";
import { type Happening, touchBit } from "../core/touch-chains.ts";
import { Takings } from "../core/takings.ts";
import { isItself, type TouchedDirectory, type TouchedName, TouchTable } from "../core/touch-table.ts";
import type { DirectoryPaths } from "./directory-paths.ts";
import { kindsOf } from "./event-kinds.ts";
import { eventBytesMax, type FileEventGroup, readBytes } from "./file-event-group.ts";
import { sourceOfFiles } from "./files-status.ts";
import type { LineRecording } from "./line-recording.ts";
import type { News } from "./news.ts";
import type { Troubles } from "./setting-recording.ts";

const errnoAgain = 11;
const errnoInterrupted = 4;

/** What tells of a count of links: without a name, of no directory. */
const countsLinks = fileEventMask.attributes | fileEventMask.onDirectory;

type EventQueue = Pick<FileEventGroup, "read" | "errno" | "refused" | "later">;

/** Turns the kernel's file events into touches by processes. */
export class FileRecording {
  readonly table: TouchTable;
  readonly changed: ChangedDirectories;
  events = 0;
  overflows = 0;
  /** Told of each touch that may change what stands in a file. */
  lines: LineRecording | null = null;
  /** Events of processes that this PID namespace does not see. */
  unseenActors = 0;
  private readonly group: EventQueue;
  private readonly lineage: Lineage;
  private readonly paths: Pick<DirectoryPaths, "pathOf" | "forget">;
  private readonly news: News | null;
  private readonly buffer = Buffer.from(new ArrayBuffer(readBytes));
  private readonly bufferAt: number;
  private readonly writers = new RecentWriters();
  /** Who gave files names, or took them away: a name that came and went leaves a change of ctime under the others. */
  readonly linkers: RecentWriters;
  private readonly cursor = new FileEventCursor(this.buffer);
  private readonly target: HandleBytes = { bytes: this.buffer, start: 0, end: 0 };
  private length = 0;
  private askedNs = 0;
  private latest: TouchedDirectory | null = null;
  private readonly latestKey = Buffer.alloc(256);
  private latestLength = 0;
  private readonly doers: EventDoers;
  private readonly bornNs: (path: string) => number | null;

  constructor(options: {
    group: EventQueue;
    lineage: Lineage;
    paths: Pick<DirectoryPaths, "pathOf" | "forget">;
    news: News | null;
    addressOf: (view: Buffer) => number;
    touchesMax: number;
    takingsMax: number | undefined;
    /** When what lies at a path now was made, as a monotonic time; null where that is not known. */
    bornNs: (path: string) => number | null;
    isOfRun: (serial: number) => boolean;
  }) {
    this.group = options.group;
    this.lineage = options.lineage;
    this.paths = options.paths;
    this.bornNs = options.bornNs;
    this.news = options.news;
    this.bufferAt = options.addressOf(this.buffer);
    const { lineage, isOfRun } = options;
    this.doers = new EventDoers(lineage);
    this.changed = new ChangedDirectories({ isOfRun });
    const retain = (serial: number): void => lineage.retain(serial);
    const release = (serial: number): void => lineage.releaseSerial(serial);
    this.linkers = new RecentWriters(undefined, { retain, release });
    this.table = new TouchTable(
      { touchesMax: options.touchesMax, retain, release },
      new Takings(retain, { takingsMax: options.takingsMax, isOfRun }),
    );
  }

  /**
   * Reads what waits, as much as fits. The forks of all those who did it are to be taken in before `record`.
   *
   * @param nowNs before the call
   * @returns the bytes that were read; 0 where nothing waits
   * @throws where the kernel's file events ended
   */
  read(nowNs: number): number {
    this.askedNs = nowNs;
    for (;;) {
      this.length = this.group.read(this.bufferAt, readBytes);
      if (this.length >= 0) return this.length;
      const errno = this.group.errno();
      if (errno === errnoAgain) {
        this.doers.nothingWaited(nowNs);
        this.length = 0;
        return 0;
      }
      if (errno !== errnoInterrupted) throw new Error(`The kernel's file events ended: ${getSystemErrorName(-errno)}.`);
    }
  }

  /** Takes in what `read` read. */
  record(now: { readonly ns: number; readonly ms: number }): void {
    const { cursor } = this;
    cursor.rewind(this.length);
    this.doers.begin(cursor.pidsInTurn());
    while (cursor.advance()) {
      this.doers.next(cursor.pid);
      this.events += 1;
      if ((cursor.mask & fileEventMask.overflow) !== 0) this.overflows += 1;
      else if (cursor.at.directoryEnd > 0) this.recordOne(now);
      else if ((cursor.mask & countsLinks) === fileEventMask.attributes) this.recordLink(now);
    }
    // Another event would have had room: none waited any more.
    if (this.length + eventBytesMax <= readBytes) this.doers.nothingWaited(this.askedNs);
    this.length = 0;
    this.lines?.takeIn(now.ms);
  }

  /** @param more what is missing besides, of events that this source tells together with these */
  source(failure: string | null, more: Troubles): RecorderSource {
    const { dropped: linesDropped = 0 } = this.lines ?? {};
    const { table, overflows, unseenActors, events } = this;
    const changedDropped = this.changed.dropped;
    return sourceOfFiles({
      table,
      changedDropped,
      overflows,
      unseenActors,
      events,
      linesDropped,
      marks: this.group,
      failure,
      more,
    });
  }

  private recordOne(now: { readonly ns: number; readonly ms: number }): void {
    const { cursor, table } = this;
    const at = this.nameAt(cursor.at);
    const by = this.serialOf(now.ns, at);
    this.place(at);
    if (cursor.from.directoryEnd > 0) {
      const from = this.nameAt(cursor.from);
      for (const { directory } of [from, at]) this.changed.note(directory.key, by, false);
      this.lines?.touch(from, by);
      this.lines?.touch(at, by, () => [...table.writersOf(from), ...this.earlierWriters(at)]);
      table.rename(from, at, { kinds: 0, by, atMs: now.ms });
      if ((cursor.mask & fileEventMask.onDirectory) !== 0) this.paths.forget();
      this.tell(from, { kinds: touchBit["moved-from"], by, atMs: now.ms });
      this.tell(at, { kinds: touchBit["moved-to"], by, atMs: now.ms });
      return;
    }
    if ((cursor.mask & fileEventMask.openedToRun) !== 0) this.opened(by, at);
    const kinds = kindsOf(cursor.mask);
    if (kinds === 0) return;
    this.changed.note(at.directory.key, by, isItself(at));
    const happening = { kinds, by, atMs: now.ms };
    const isComing = (kinds & touchBit.created) !== 0;
    if (kinds !== touchBit.attributes && this.lines?.follows(at.directory) === true)
      this.lines.touch(at, by, () => (isComing ? this.earlierWriters(at) : []));
    if ((kinds & touchBit.modified) !== 0) this.note(this.writers, happening);
    if (this.news !== null) this.tell(at, happening);
    const cameAndWent = table.add(at, happening);
    if (cameAndWent && (cursor.mask & fileEventMask.onDirectory) !== 0 && cursor.target.directoryEnd > 0) {
      table.forgetDirectory(this.targetKey());
      this.latest = null;
    }
  }

  /** Of a file that gets another name, or loses one, the kernel tells by the file alone before it tells of the name. */
  private recordLink(now: { readonly ns: number; readonly ms: number }): void {
    const by = this.serialOf(now.ns, null);
    this.note(this.linkers, { kinds: touchBit.attributes, by, atMs: now.ms });
  }

  /** Of a directory that is gone when somebody asks, nothing but this tells where it was. */
  private place(at: TouchedName): void {
    const { cursor, news } = this;
    const isDirectory = (cursor.mask & fileEventMask.onDirectory) !== 0;
    if (news === null || !isDirectory || cursor.target.directoryEnd === 0 || at.start === at.end) return;
    news.placed(this.targetKey(), { parent: at.directory.key, name: this.textOf(at) });
  }

  private targetKey(): string {
    const { directoryStart, directoryEnd } = this.cursor.target;
    return this.buffer.toString("latin1", directoryStart, directoryEnd);
  }

  private note(writers: RecentWriters, { by, atMs }: Happening): void {
    if (this.cursor.target.directoryEnd > 0) writers.wrote(this.handle(), by, atMs);
  }

  /** Who wrote to what has come to this name, under whatever name it had: link(2) gives it another one. */
  private earlierWriters(at: TouchedName): readonly number[] {
    const known = this.cursor.target.directoryEnd === 0 ? null : this.writers.of(this.handle());
    if (known !== null) return known;
    const path = this.pathOf(at);
    const stats = path === null ? undefined : statSync(Buffer.from(path, "latin1"), { throwIfNoEntry: false });
    return (stats?.nlink ?? 1) > 1 ? [unknownProcess] : [];
  }

  /** The file's own. */
  private handle(): HandleBytes {
    const { target, cursor } = this;
    target.start = cursor.target.directoryStart;
    target.end = cursor.target.directoryEnd;
    return target;
  }

  private pathOf(name: TouchedName): string | null {
    const parent = this.paths.pathOf(name.directory.key);
    return parent === null ? null : `${parent === "/" ? "" : parent}/${this.textOf(name)}`;
  }

  private madeNs(name: TouchedName): number | null {
    const path = this.pathOf(name);
    return path === null ? null : this.bornNs(path);
  }

  private tell(name: TouchedName, happening: Happening): void {
    this.news?.add({ directory: name.directory.key, name: this.textOf(name), ...happening });
  }

  private opened(by: number, name: TouchedName): void {
    const path = this.pathOf(name);
    if (path !== null) this.lineage.opened(by, path);
  }

  /** @param name what it did something to */
  private serialOf(nowNs: number, name: TouchedName | null): number {
    const { mask, pid } = this.cursor;
    if (pid === 0) this.unseenActors += 1;
    if (this.doers.known !== null) return this.doers.known;
    return this.doers.serial(nowNs, {
      isToRun: (mask & fileEventMask.openedToRun) !== 0,
      notBeforeNs: () => (name === null || (mask & fileEventMask.created) === 0 ? null : this.madeNs(name)),
    });
  }

  /** Most events come in a row from one directory, which is then found without making a string of its key. */
  private directoryAt(place: NamePlace): TouchedDirectory {
    if (this.latest !== null && this.isLatest(place)) return this.latest;
    const { directoryStart, directoryEnd } = place;
    this.latestLength = this.buffer.copy(this.latestKey, 0, directoryStart, directoryEnd);
    this.latest = this.table.directory(this.buffer.toString("latin1", directoryStart, directoryEnd));
    return this.latest;
  }

  private isLatest({ directoryStart, directoryEnd }: NamePlace): boolean {
    const { buffer, latestKey, latestLength } = this;
    if (directoryEnd - directoryStart !== latestLength) return false;
    // Those of one file system differ at the end first.
    for (let at = latestLength - 1; at >= 0; at -= 1) if (buffer[directoryStart + at] !== latestKey[at]) return false;
    return true;
  }

  private nameAt(place: NamePlace): TouchedName {
    return {
      directory: this.directoryAt(place),
      bytes: this.buffer,
      start: place.nameStart,
      end: place.nameEnd,
    };
  }

  private textOf({ start, end }: TouchedName): string {
    return start === end ? "." : this.buffer.toString("latin1", start, end);
  }
}
