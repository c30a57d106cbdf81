import { type Stats, statSync } from "node:fs";
import { getSystemErrorName } from "node:util";

import { systemCode } from "../../foundation/errors.ts";
import { fileEventMask } from "../core/file-events.ts";
import { type Mount, readMounts } from "../collectors/files/mounts.ts";
import { settingElsewhere } from "../core/setting-paths.ts";
import { isWithin } from "../core/path-scope.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { openFilePath, openFileStats } from "./open-file-path.ts";

/** fanotify_init(2) and fanotify_mark(2) */
const closeOnExec = 0x1;
const nonBlocking = 0x2;
const unlimitedQueue = 0x10;
const unlimitedMarks = 0x20;
/** FAN_REPORT_FD_ERROR, since Linux 6.13: in place of an event's file stands why it could not be opened. */
const reportFileErrors = 0x2000;
const markAdd = 0x1;
const markFileSystem = 0x100;
const atFdcwd = -100;
/** O_RDONLY, O_NONBLOCK, O_CLOEXEC: for the file that each event brings along. */
const eventFileFlags = 0o4000 | 0o2000000;

/** struct fanotify_event_metadata */
const metadataBytes = 24;
const maskAt = 8;
const fileAt = 16;
const pidAt = 20;
/** Every event of a read opens a file: few at once, because a process has few descriptors. */
const eventsAtOnce = 64;
const bytesWaiting = 0x541b;

const errnoInterrupted = 4;
const errnoAgain = 11;
/** ENOENT, ESRCH, ENXIO, EACCES, ENODEV, EINVAL: it is gone, or can only be written to, so that nobody compares it. */
const unopened: ReadonlySet<number> = new Set([2, 3, 6, 13, 19, 22]);
/** Each network namespace has its own below here. */
const networkSettings = "/proc/sys/net/";
/** Files of which reading does something: it makes a disk (zram of the kernel's manual). */
/** EACCES: what opening a file of sysfs says that shows nothing (fs/kernfs/file.c, kernfs_fop_open). */
const writeOnly = 13;
const actingWhenRead = ["/sys/class/zram-control/hot_add"];
const accessed = 0x1;
const shownTypes = new Set(["proc", "sysfs"]);

export interface SettingEvent {
  readonly pid: number;
  /** One character a byte; null for a file that can only be written to: which one is not told. */
  readonly path: string | null;
  /** Of a file system on which nobody tells of the coming of files: it may have come with this. */
  readonly mayBeNew: boolean;
}

/** What is marked beside /proc and /sys. */
export interface FurtherMarks {
  /** Mount points of file systems that refuse to tell of names. */
  readonly nameless: Iterable<string>;
  /** Where file systems of the kernel are that the recorder has on no place, by where they usually are. */
  readonly placeless: ReadonlyMap<string, string>;
}

/**
 * A fanotify(7) group that is told of every writing to what /proc and /sys show, to the tracer's files, and on file
 * systems that tell of no names. It is told by open files and not by
 * handles, which in /proc last no longer than the kernel remembers a name.
 */
export class SettingEventGroup {
  readonly descriptor: number;
  /** Whether the kernel tells also of writing to files that it cannot open to be read. */
  readonly tellsOfUnopened: boolean;
  overflows = 0;
  /** Where events are missing, each with the reason. */
  readonly refused = new Map<string, string>();
  private readonly calls: KernelCalls;
  private readonly buffer = new DataView(new ArrayBuffer(eventsAtOnce * metadataBytes));
  private readonly waiting = new DataView(new ArrayBuffer(8));
  private mounts: readonly Mount[] = [];
  private placeless: ReadonlyMap<string, string> = new Map();
  private isClosed = false;

  private constructor(calls: KernelCalls, descriptor: number, tellsOfUnopened: boolean) {
    this.calls = calls;
    this.descriptor = descriptor;
    this.tellsOfUnopened = tellsOfUnopened;
  }

  /** @returns the name of the error where the kernel refuses */
  static open(calls: KernelCalls, options: { isLimited: boolean }): SettingEventGroup | string {
    const flags = closeOnExec | nonBlocking | unlimitedMarks | (options.isLimited ? 0 : unlimitedQueue);
    const telling = calls.fanotifyInit(flags | reportFileErrors, eventFileFlags);
    if (telling >= 0) return new SettingEventGroup(calls, telling, true);
    const descriptor = calls.fanotifyInit(flags, eventFileFlags);
    return descriptor < 0 ? getSystemErrorName(-calls.errno()) : new SettingEventGroup(calls, descriptor, false);
  }

  /** Marks every file system of these kinds that is in sight; marking again does no harm. */
  markAll({ nameless, placeless }: FurtherMarks): void {
    this.placeless = placeless;
    for (const path of placeless.values()) this.markFileSystem(path, fileEventMask.modified);
    for (const point of nameless) this.markFileSystem(point, fileEventMask.modified | fileEventMask.closedAfterWriting);
    this.mounts = readMounts().filter(({ type }) => shownTypes.has(type));
    for (const path of actingWhenRead) {
      const bytes = Buffer.from(`${path}\0`, "latin1");
      // Where there is no such file, nobody reads it.
      this.calls.fanotifyMark(this.descriptor, markAdd, accessed, atFdcwd, this.calls.addressOf(bytes));
    }
    const marked = new Set<string>();
    for (const { point, device } of this.mounts) {
      if (marked.has(device) || statOf(point, device) === null) continue;
      if (this.markFileSystem(point, fileEventMask.modified)) marked.add(device);
      else this.refused.set(point, getSystemErrorName(-this.calls.errno()));
    }
  }

  private markFileSystem(point: string, mask: number): boolean {
    const { calls } = this;
    const path = Buffer.from(`${point}\0`, "latin1");
    return calls.fanotifyMark(this.descriptor, markAdd | markFileSystem, mask, atFdcwd, calls.addressOf(path)) === 0;
  }

  /**
   * What waits, as much as fits.
   *
   * @returns null where nothing waits
   * @throws where the kernel's events ended
   */
  read(): SettingEvent[] | null {
    const { calls, buffer } = this;
    for (;;) {
      const bytes = calls.read(this.descriptor, calls.addressOf(buffer), buffer.byteLength);
      if (bytes >= 0) return this.eventsIn(bytes);
      const errno = calls.errno();
      if (errno === errnoAgain) return null;
      // The kernel drops an event whose file it cannot open, and says so only if it was the first of a reading.
      if (errno !== errnoInterrupted && !unopened.has(errno)) {
        throw new Error(`The kernel's events of /proc and /sys ended: ${getSystemErrorName(-errno)}.`);
      }
    }
  }

  /** How many reads are enough for all events that wait now. */
  waitingReads(): number {
    const { calls } = this;
    if (calls.ioctl(this.descriptor, bytesWaiting, calls.addressOf(this.waiting)) !== 0) return 1;
    return Math.ceil(this.waiting.getInt32(0, true) / metadataBytes / eventsAtOnce) + 1;
  }

  /** Whether the kernel says that no event waits. A short reading does not: it may have ended at a file that did not open. */
  isEmpty(): boolean {
    const { calls, waiting } = this;
    return (
      calls.ioctl(this.descriptor, bytesWaiting, calls.addressOf(waiting)) === 0 && waiting.getInt32(0, true) === 0
    );
  }

  /** Once only: the number may be another file's afterwards. */
  close(): void {
    if (!this.isClosed) this.calls.close(this.descriptor);
    this.isClosed = true;
  }

  private eventsIn(bytes: number): SettingEvent[] {
    const events: SettingEvent[] = [];
    for (let at = 0; at + metadataBytes <= bytes; at += this.buffer.getUint32(at, true)) {
      const mask = this.buffer.getUint32(at + maskAt, true);
      if ((mask & fileEventMask.overflow) !== 0) this.overflows += 1;
      const file = this.buffer.getInt32(at + fileAt, true);
      const pid = this.buffer.getInt32(at + pidAt, true);
      if (file === -writeOnly) events.push({ pid, path: null, mayBeNew: false });
      if (file < 0) continue;
      try {
        const path = this.pathOf(file);
        if (path !== null) events.push({ pid, path, mayBeNew: !isShown(path) });
      } finally {
        this.calls.close(file);
      }
    }
    return events;
  }

  /**
   * Where the recorder itself finds that file. Others may see another one there: a namespace of one's own has settings of
   * its own, in the same file system and under the same name.
   *
   * @returns for one of another network namespace's settings `settingElsewhere`; null for a file that no path shows here
   */
  private pathOf(file: number): string | null {
    const stats = openFileStats(file);
    // Whatever it was set to is gone with it.
    if (stats === null) return null;
    const { ino, dev } = stats;
    const path = openFilePath(file);
    if (path === null) {
      this.refused.set("what lies deeper than a path can say", "ENAMETOOLONG");
      return null;
    }
    const usual = this.usualPath(path);
    const here = [usual, path].find((each) => isThat(each, { ino, dev }));
    const placed = here === undefined ? this.placedPath(path, { ino, dev }) : here;
    return placed ?? (usual.startsWith(networkSettings) ? settingElsewhere(usual) : null);
  }

  /** Of a file system that whoever wrote there had mounted elsewhere, the path at its usual place. */
  private placedPath(path: string, wanted: Pick<Stats, "ino" | "dev">): string | null {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      for (const [place, own] of this.placeless) {
        if (isThat(`${own}${path.slice(at + 1)}`, wanted)) return `${place}${path.slice(at)}`;
      }
    }
    return null;
  }

  /** Of what is mounted at several places, the path at which all of it is. */
  private usualPath(path: string): string {
    const through = this.mounts.findLast(({ point }) => isWithin(path, [point]));
    const whole = this.mounts.find(({ device, root }) => device === through?.device && root === "/");
    if (through === undefined || whole === undefined) return path;
    return `${whole.point}${through.root === "/" ? "" : through.root}${path.slice(through.point.length)}`;
  }
}

/** What the kernel shows has no files that come by being written to. */
function isShown(path: string): boolean {
  return path.startsWith("/proc/") || path.startsWith("/sys/");
}

function isThat(path: string, { ino, dev }: Pick<Stats, "ino" | "dev">): boolean {
  try {
    const found = statSync(Buffer.from(path, "latin1"), { throwIfNoEntry: false });
    return found?.ino === ino && found.dev === dev;
  } catch (error) {
    // Its process has ended (ESRCH), or something else lies over it.
    if (systemCode(error) !== undefined) return false;
    throw error;
  }
}

/** @returns null where another file system lies over it, or it is gone */
function statOf(point: string, device: string): Stats | null {
  try {
    const found = statSync(Buffer.from(point, "latin1"));
    // The encoding of device numbers of stat(2), as makedev(3) has it.
    const [major, minor] = [(found.dev >>> 8) & 0xfff, (found.dev & 0xff) | ((found.dev >>> 12) & 0xfff00)];
    return `${major}:${minor}` === device ? found : null;
  } catch {
    return null;
  }
}
