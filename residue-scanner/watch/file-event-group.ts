import { getSystemErrorName } from "node:util";

import { fileEventMask } from "../core/file-events.ts";
import { isRemote, kernelTypes, type Mount, readMounts, readOnlyTypes } from "../collectors/files/mounts.ts";
import { type DirectoryHandles, fileSystemIdBytes } from "./directory-handles.ts";
import type { DirectoryPaths } from "./directory-paths.ts";
import type { KernelCalls } from "./kernel-calls.ts";

/** fanotify_init(2) */
const closeOnExec = 0x1;
const nonBlocking = 0x2;
const unlimitedQueue = 0x10;
const unlimitedMarks = 0x20;
const reportDirectoryAndName = 0xc00;
/** FAN_REPORT_FID and FAN_REPORT_TARGET_FID, of Linux 5.17: a name's two files in turn make two events. */
const reportTarget = 0x1200;
/** fanotify_mark(2) */
const markAdd = 0x1;
const markFileSystem = 0x100;
const atFdcwd = -100;
const errnoInvalid = 22;

/** Room for one read(2). */
export const readBytes = 1024 * 1024;
/** FIONREAD of fanotify(7): the bytes of all events that wait, without their records. */
const bytesWaiting = 0x541b;
const metadataBytes = 24;
/** No event takes more: three records, each with a handle and a name at their longest. */
export const eventBytesMax = 1536;

const baseMask =
  fileEventMask.created |
  fileEventMask.deleted |
  fileEventMask.attributes |
  fileEventMask.modified |
  fileEventMask.closedAfterWriting |
  fileEventMask.openedToRun |
  fileEventMask.onDirectory;
/** Of Linux 5.17: both names of a move in one event. */
const renameMask = baseMask | fileEventMask.renamed;
const moveMask = baseMask | fileEventMask.movedFrom | fileEventMask.movedTo;

/** FAN_EVENT_ON_CHILD */
const onChild = 0x0800_0000;
const directoryMask = onChild | (baseMask & ~fileEventMask.openedToRun);

/** Other mounts lie over all mounts of a file system, so that no path leads to it. */
const hidden = "hidden";
/** Mounting by being looked at is not for a witness. */
const untouchedTypes = new Set(["autofs"]);
/** Their files come and go with what they show; of writing to them `SettingEventGroup` is told. */
const shownTypes = new Set(["proc", "sysfs"]);

/** A fanotify(7) group that is told of every change on every file system of this mount namespace that allows it. */
export class FileEventGroup {
  readonly descriptor: number;
  /** Whether an event names the file itself too. */
  readonly namesTarget: boolean;
  /** Where events are missing from the beginning, each with the reason. */
  readonly refused = new Map<string, string>();
  /** By device, the mount points of file systems that came later and are still there. */
  readonly later = new Map<string, string>();
  private readonly calls: KernelCalls;
  private readonly handles: DirectoryHandles;
  private readonly marked = new Set<string>();
  private readonly paths: DirectoryPaths;
  private readonly waiting = new DataView(new ArrayBuffer(8));
  private mask = renameMask;
  private isClosed = false;

  private constructor(
    calls: KernelCalls,
    places: { handles: DirectoryHandles; paths: DirectoryPaths },
    group: { descriptor: number; namesTarget: boolean },
  ) {
    this.calls = calls;
    this.handles = places.handles;
    this.paths = places.paths;
    this.descriptor = group.descriptor;
    this.namesTarget = group.namesTarget;
  }

  /**
   * @param options.isLimited for tests: with the kernel's usual bound on waiting events
   * @returns the error number where the kernel refuses
   */
  static open(
    calls: KernelCalls,
    places: { handles: DirectoryHandles; paths: DirectoryPaths },
    options: { isLimited: boolean },
  ): FileEventGroup | { readonly errno: number } {
    const common = closeOnExec | nonBlocking | unlimitedMarks | (options.isLimited ? 0 : unlimitedQueue);
    for (const namesTarget of [true, false]) {
      const descriptor = calls.fanotifyInit(common | reportDirectoryAndName | (namesTarget ? reportTarget : 0), 0);
      if (descriptor >= 0) return new FileEventGroup(calls, places, { descriptor, namesTarget });
      if (calls.errno() !== errnoInvalid) break;
    }
    return { errno: calls.errno() };
  }

  /** Marks what is not marked yet. Marking again does no harm, and catches a device number that changed hands. */
  markAll(options: { isBeginning: boolean }): void {
    const devices = new Map<string, Mount[]>();
    for (const mount of readMounts()) {
      const { type } = mount;
      if (isRemote(type) || readOnlyTypes.has(type) || untouchedTypes.has(type) || shownTypes.has(type)) continue;
      devices.set(mount.device, [...(devices.get(mount.device) ?? []), mount]);
    }
    for (const device of this.marked) if (!devices.has(device)) this.marked.delete(device);
    for (const device of this.later.keys()) if (!devices.has(device)) this.later.delete(device);
    for (const [device, mounts] of devices) {
      const [first] = mounts as [Mount];
      const error = this.markOne(mounts);
      const holdsFiles = !kernelTypes.has(first.type);
      if (error === "ENOTSUP" && !holdsFiles) this.markDirectory(first.point);
      // What is hidden cannot be compared either: only `null` and an error's name say something.
      if (error === hidden) continue;
      if (error !== null && holdsFiles) this.refused.set(first.point, error);
      else if (error === null && holdsFiles && !options.isBeginning && !this.marked.has(device))
        this.later.set(device, first.point);
      if (error === null) this.nowMarked(device, first.point);
    }
  }

  /**
   * Only what happens in this directory itself: more cannot be marked of file systems whose handles lead nowhere, as most
   * of the kernel's own. One that cannot be marked leaves what lies in it unexplained.
   */
  markDirectory(point: string): void {
    const path = this.handles.pathBytes(point);
    if (path === null) return;
    this.calls.fanotifyMark(this.descriptor, markAdd, directoryMask, atFdcwd, this.calls.addressOf(path));
  }

  read(buffer: number, bytes: number): number {
    return this.calls.read(this.descriptor, buffer, bytes);
  }

  private nowMarked(device: string, point: string): void {
    this.marked.add(device);
    const id = this.handles.keyOf(point)?.slice(0, fileSystemIdBytes);
    if (id !== undefined) this.paths.addFileSystem(id, point);
  }

  /** How many reads with room for `readBytes` are enough for all events that wait now. */
  waitingReads(): number {
    const { calls } = this;
    if (calls.ioctl(this.descriptor, bytesWaiting, calls.addressOf(this.waiting)) !== 0) return 1;
    const events = this.waiting.getInt32(0, true) / metadataBytes;
    return Math.ceil((events * eventBytesMax) / readBytes) + 1;
  }

  /** Whether events wait, as far as the kernel says. */
  isWaiting(): boolean {
    return this.waitingReads() > 1;
  }

  errno(): number {
    return this.calls.errno();
  }

  /** Once only: the number may be another file's afterwards. */
  close(): void {
    if (!this.isClosed) this.calls.close(this.descriptor);
    this.isClosed = true;
  }

  /** @returns why no mount of a file system could be marked; null when one was */
  private markOne(mounts: readonly Mount[]): string | null {
    let reason = hidden;
    for (const { id, point } of mounts) {
      const path = this.handles.pathBytes(point);
      if (path === null || this.handles.mountIdOf(point) !== id) continue;
      const at = this.calls.addressOf(path);
      if (this.mark(at) === 0) return null;
      if (this.calls.errno() === errnoInvalid && this.mask === renameMask) {
        this.mask = moveMask;
        if (this.mark(at) === 0) return null;
      }
      reason = getSystemErrorName(-this.calls.errno());
    }
    return reason;
  }

  private mark(path: number): number {
    return this.calls.fanotifyMark(this.descriptor, markAdd | markFileSystem, this.mask, atFdcwd, path);
  }
}
