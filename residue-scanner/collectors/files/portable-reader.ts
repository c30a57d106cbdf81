import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { constants as osConstants } from "node:os";

import { systemCode } from "../../../foundation/errors.ts";
import { blockStatus, entryField, entryWords, wordsFor } from "../../core/packed-tree.ts";
import type { TreeWriter } from "../../core/tree-writer.ts";
import { childPath, type DirectoryReader } from "./directory-reader.ts";

/**
 * Reads directories with what Node offers everywhere. It sees neither extended attributes nor flags such as
 * "immutable": a change of either moves the file's ctime, so it is noticed but not named.
 *
 * @param isCut asked at each entry: whether what is read will be thrown away
 */
export function portableReader(isCut: () => boolean = () => false): DirectoryReader {
  return {
    name: "portable",
    readDirectory(path, writer, name = path) {
      const directories: Buffer[] = [];
      writer.beginBlock(name);
      try {
        for (const entry of readdirSync(path, { encoding: "buffer" })) {
          if (isCut()) break;
          const child = childPath(path, entry);
          if (writeEntry(writer, child, entry)) directories.push(child);
        }
        writer.endBlock(blockStatus.read);
      } catch (error) {
        writer.endBlock(statusOf(error));
      }
      return directories;
    },
    readRoots(paths, writer) {
      writer.beginBlock(Buffer.alloc(0));
      for (const path of paths) writeEntry(writer, path, path);
      writer.endBlock(blockStatus.read);
    },
  };
}

/** @returns whether it is a directory */
function writeEntry(writer: TreeWriter, path: Buffer, name: Uint8Array): boolean {
  let stats: BigIntStats;
  try {
    stats = lstatSync(path, { bigint: true });
  } catch {
    // Gone since the listing: it is not there, which is what the listing will say next time.
    return false;
  }
  writer.reserve(entryWords + wordsFor(name.length));
  const { words, end } = writer;
  words[end + entryField.modeAndName] = (Number(stats.mode) & 0xffff) | (name.length << 16);
  words[end + entryField.links] = Number(stats.nlink);
  words[end + entryField.uid] = Number(stats.uid);
  words[end + entryField.gid] = Number(stats.gid);
  setWide(words, end + entryField.ino, stats.ino);
  setWide(words, end + entryField.size, stats.size);
  setTime(words, end + entryField.modified, stats.mtimeNs);
  setTime(words, end + entryField.changed, stats.ctimeNs);
  setTime(words, end + entryField.born, stats.birthtimeNs);
  words[end + entryField.device] = deviceNumber(stats.rdev);
  writer.bytes.set(name, (end + entryWords) * 4);
  writer.endEntry(name.length, 0);
  return stats.isDirectory();
}

function setWide(words: Int32Array, at: number, value: bigint): void {
  words[at] = Number(BigInt.asIntN(32, value));
  words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

function setTime(words: Int32Array, at: number, nanoseconds: bigint): void {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  setWide(words, at, (nanoseconds - rest) / 1_000_000_000n);
  words[at + 2] = Number(rest);
}

/** makedev(3) of glibc, taken apart and put together as an entry holds it. */
function deviceNumber(device: bigint): number {
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
  const minor = Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
  return (major << 20) | minor;
}

function statusOf(error: unknown): number {
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") return blockStatus.gone;
  return (osConstants.errno as Record<string, number>)[code ?? ""] ?? osConstants.errno.EIO;
}
