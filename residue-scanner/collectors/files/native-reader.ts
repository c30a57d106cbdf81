import { constants } from "node:fs";

import { assert } from "../../../foundation/assert.ts";
import { blockStatus, entryField, entryWords, wordsFor } from "../../core/packed-tree.ts";
import type { TreeWriter } from "../../core/tree-writer.ts";
import { childPath, copyBytes, type DirectoryReader, flagsKept } from "./directory-reader.ts";
import type { NativeCalls } from "./native-calls.ts";
import { XattrReader } from "./xattr-reader.ts";

const atFdcwd = -100;
const atSymlinkNofollow = 0x100;
const atNoAutomount = 0x800;
const statxBasicAndBirth = 0xfff;
const cloneFs = 0x200;
const direntBytes = 256 * 1024;
const direntNameOffset = 19;
/** open(2): the longest path that the kernel takes in one piece, with its final zero. */
const pathMaxBytes = 4096;
const kindMask = 0o170000;
const kindDirectory = 0o040000;
const kindFile = 0o100000;
const executableBits = 0o111;
const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const openNoAccessTime = constants.O_NOATIME;
const errnoNotPermitted = 1;
/** ENOENT; ENOTDIR and ELOOP: something else took its name since it was listed. */
const errnosGone = [2, 20, 40];

/**
 * Reads directories with getdents64(2), statx(2) and llistxattr(2) through one preallocated area of memory.
 *
 * @param privateDirectory whether the calling thread may leave the process's shared current directory
 *   (unshare(CLONE_FS), no privilege needed): names are then resolved from the directory itself, which saves walking
 *   the whole path for each. Only in a worker that does nothing else.
 * @param isCut asked again and again in a large directory: whether what is read will be thrown away
 */
export function nativeReader(
  calls: NativeCalls,
  { privateDirectory, isCut = () => false }: { privateDirectory: boolean; isCut?: () => boolean },
): DirectoryReader {
  const ownDirectory = privateDirectory && calls.unshare(cloneFs) === 0;
  return new NativeReader(calls, { ownDirectory, isCut });
}

class NativeReader implements DirectoryReader {
  readonly name = "native";
  readonly #calls: NativeCalls;
  readonly #ownDirectory: boolean;
  readonly #isCut: () => boolean;
  readonly #xattrs: XattrReader;
  readonly #dirents = Buffer.alloc(direntBytes);
  readonly #direntLengths = new Uint16Array(this.#dirents.buffer);
  readonly #direntsAt: number;
  readonly #stat = new Int32Array(64);
  readonly #statAt: number;
  readonly #path = Buffer.alloc(pathMaxBytes);
  readonly #pathAt: number;
  /** Whether O_NOATIME is worth trying: root may always, others only on what is theirs. */
  #noAccessTime = openNoAccessTime;

  constructor(calls: NativeCalls, { ownDirectory, isCut }: { ownDirectory: boolean; isCut: () => boolean }) {
    this.#calls = calls;
    this.#ownDirectory = ownDirectory;
    this.#isCut = isCut;
    this.#xattrs = new XattrReader(calls);
    this.#direntsAt = calls.addressOf(this.#dirents);
    this.#statAt = calls.addressOf(new Uint8Array(this.#stat.buffer));
    this.#pathAt = calls.addressOf(this.#path);
  }

  readDirectory(path: Buffer, writer: TreeWriter, name = path): Buffer[] {
    const directories: Buffer[] = [];
    writer.beginBlock(name);
    const directory = this.#open(path);
    if (directory < 0) {
      writer.endBlock(this.#refusal());
      return directories;
    }
    try {
      writer.endBlock(this.#readEntries({ directory, path, writer, directories }));
    } finally {
      this.#calls.close(directory);
    }
    return directories;
  }

  readRoots(paths: readonly Buffer[], writer: TreeWriter): void {
    writer.beginBlock(Buffer.alloc(0));
    for (const path of paths) {
      assert(path.length < pathMaxBytes, "a root's path fits into one call");
      path.copy(this.#path);
      this.#path[path.length] = 0;
      if (this.#statAbove(atFdcwd, this.#pathAt) < 0) continue;
      this.#xattrs.read(this.#pathAt);
      this.#writeEntry(writer, this.#path, 0, path.length);
    }
    writer.endBlock(blockStatus.read);
  }

  /** @returns the block's status */
  #readEntries(reading: { directory: number; path: Buffer; writer: TreeWriter; directories: Buffer[] }): number {
    const { directory, path, writer, directories } = reading;
    const relative = this.#enter(directory);
    const from = this.#ownDirectory ? atFdcwd : directory;
    for (;;) {
      if (this.#isCut()) return blockStatus.gone;
      const filled = this.#calls.getdents64(directory, this.#direntsAt, direntBytes);
      // Of one that was removed since it was opened the kernel lists nothing (getdents(2), ENOENT).
      if (filled < 0) return this.#refusal();
      if (filled === 0) return blockStatus.read;
      for (let at = 0; at < filled; at += this.#direntLengths[(at + 16) >>> 1] as number)
        if (this.#readEntry(at, from, relative, writer)) directories.push(this.#childPath(path, at));
    }
  }

  /**
   * A function of its own, called once an entry, so that the compiler makes it fast once and for all: as part of the loop
   * it was made fast anew in each of a dozen shapes, by threads that the walk has need of.
   *
   * @param at of the entry among those listed
   * @param relative as of `#enter`
   * @returns whether it is a directory
   */
  #readEntry(at: number, from: number, relative: number, writer: TreeWriter): boolean {
    const nameStart = at + direntNameOffset;
    const nameEnd = this.#nameEnd(at);
    if (isDots(this.#dirents, nameStart, nameEnd)) return false;
    // Gone between the listing and this call: it is not there, which is what the listing will say next time.
    if (this.#statAbove(from, this.#direntsAt + nameStart) < 0) return false;
    const mode = this.#stat[7] as number;
    const isDirectory = (mode & kindMask) === kindDirectory;
    if (isDirectory || ((mode & executableBits) !== 0 && (mode & kindMask) === kindFile)) {
      this.#xattrs.read(relative === 0 ? this.#direntsAt + nameStart : this.#below(relative, nameStart, nameEnd));
    } else {
      this.#xattrs.bytes = 0;
    }
    this.#writeEntry(writer, this.#dirents, nameStart, nameEnd);
    return isDirectory;
  }

  #childPath(path: Buffer, at: number): Buffer {
    return childPath(path, this.#dirents, at + direntNameOffset, this.#nameEnd(at));
  }

  /** @returns the status of a block whose directory the kernel did not let be read just now */
  #refusal(): number {
    const errno = this.#calls.errno();
    return errnosGone.includes(errno) ? blockStatus.gone : errno;
  }

  #open(path: Buffer): number {
    const flags = openDirectory | this.#noAccessTime;
    const directory = this.#openFlags(path, flags);
    if (directory >= 0 || this.#noAccessTime === 0 || this.#calls.errno() !== errnoNotPermitted) return directory;
    // Not ours (open(2), O_NOATIME). Most of the host is not, so do not ask again.
    this.#noAccessTime = 0;
    return this.#openFlags(path, openDirectory);
  }

  #openFlags(path: Buffer, flags: number): number {
    if (path.length < pathMaxBytes) return this.#openPiece(atFdcwd, path, flags);
    return this.#openLong(path, flags);
  }

  /** A path longer than the kernel takes at once is walked in pieces, each from the directory before. */
  #openLong(path: Buffer, flags: number): number {
    let directory = atFdcwd;
    for (let start = 0; start < path.length; ) {
      let end = path.length;
      if (end - start >= pathMaxBytes) end = path.lastIndexOf(0x2f, start + pathMaxBytes - 2);
      assert(end > start, "a name is shorter than a path may be");
      const next = this.#openPiece(directory, path.subarray(start, end), flags);
      if (directory !== atFdcwd) this.#calls.close(directory);
      if (next < 0) return next;
      directory = next;
      start = end + 1;
    }
    return directory;
  }

  #openPiece(directory: number, path: Buffer, flags: number): number {
    copyBytes(path, { start: 0, end: path.length }, this.#path, 0);
    this.#path[path.length] = 0;
    return this.#calls.openat(directory, this.#pathAt, flags);
  }

  /** @returns 0 when names now resolve from the directory, else the length of the prefix that leads to it */
  #enter(directory: number): number {
    if (this.#ownDirectory) {
      assert(this.#calls.fchdir(directory) === 0, "an open directory can be entered");
      return 0;
    }
    return this.#path.write(`/proc/self/fd/${directory}/`, "latin1");
  }

  #below(prefixBytes: number, nameStart: number, nameEnd: number): number {
    this.#path.set(this.#dirents.subarray(nameStart, nameEnd + 1), prefixBytes);
    return this.#pathAt;
  }

  #statAbove(directory: number, name: number): number {
    return this.#calls.statx(directory, name, atSymlinkNofollow | atNoAutomount, statxBasicAndBirth, this.#statAt);
  }

  /** @param at of the entry among those listed */
  #nameEnd(at: number): number {
    // The record is padded to 8 bytes, so the final zero of the name is among the last 8.
    const recordEnd = at + (this.#direntLengths[(at + 16) >>> 1] as number);
    let end = Math.max(at + direntNameOffset, recordEnd - 8);
    while (this.#dirents[end] !== 0) end += 1;
    return end;
  }

  #writeEntry(writer: TreeWriter, names: Uint8Array, nameStart: number, nameEnd: number): void {
    const nameBytes = nameEnd - nameStart;
    const xattrs = this.#xattrs;
    writer.reserve(entryWords + wordsFor(nameBytes + xattrs.bytes));
    copyStat(this.#stat, writer.words, writer.end, nameBytes);
    const nameAt = (writer.end + entryWords) * 4;
    copyBytes(names, { start: nameStart, end: nameEnd }, writer.bytes, nameAt);
    // Also where there are none: few have any, and what the compiler never saw it does not make fast.
    copyBytes(xattrs.packed, { start: 0, end: xattrs.bytes }, writer.bytes, nameAt + nameBytes);
    writer.endEntry(nameBytes, xattrs.bytes);
  }
}

/** From struct statx (statx(2)) to an entry; both are words. */
function copyStat(stat: Int32Array, words: Int32Array, entry: number, nameBytes: number): void {
  words[entry + entryField.modeAndName] = ((stat[7] as number) & 0xffff) | (nameBytes << 16);
  words[entry + entryField.links] = stat[4] as number;
  words[entry + entryField.uid] = stat[5] as number;
  words[entry + entryField.gid] = stat[6] as number;
  words[entry + entryField.ino] = stat[8] as number;
  words[entry + entryField.ino + 1] = stat[9] as number;
  words[entry + entryField.size] = stat[10] as number;
  words[entry + entryField.size + 1] = stat[11] as number;
  copyTime(stat, 28, words, entry + entryField.modified);
  copyTime(stat, 24, words, entry + entryField.changed);
  copyTime(stat, 20, words, entry + entryField.born);
  words[entry + entryField.device] = ((stat[32] as number) << 20) | (stat[33] as number);
  words[entry + entryField.flags] = (stat[2] as number) & flagsKept;
}

function copyTime(stat: Int32Array, from: number, words: Int32Array, to: number): void {
  words[to] = stat[from] as number;
  words[to + 1] = stat[from + 1] as number;
  words[to + 2] = stat[from + 2] as number;
}

function isDots(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0x2e) return false;
  return end - start === 1 || (end - start === 2 && bytes[start + 1] === 0x2e);
}
