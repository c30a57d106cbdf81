import type { TreeWriter } from "../../core/tree-writer.ts";

/** One way to read directories; every implementation writes the same block for the same directory. */
export interface DirectoryReader {
  readonly name: "native" | "portable";
  /**
   * Writes one block: the directory's entries with their attributes, or why it could not be read.
   *
   * @param name what the block calls the directory, where that is not its path
   * @returns the paths of the directories in it, mount points included
   */
  readDirectory(path: Buffer, writer: TreeWriter, name?: Buffer): Buffer[];
  /** Writes one block that holds the given paths themselves; one that does not exist is left out. */
  readRoots(paths: readonly Buffer[], writer: TreeWriter): void;
}

/** The bits of `stx_attributes` (statx(2)) that are a fact about a file: compressed, immutable, append-only, no dump, encrypted, mount root, verity, DAX. */
export const flagsKept = 0x4 | 0x10 | 0x20 | 0x40 | 0x800 | 0x2000 | 0x100000 | 0x200000;

/** @param start where in `name` it begins, and `end` where it ends */
export function childPath(directory: Buffer, name: Uint8Array, start = 0, end = name.length): Buffer {
  const slash = directory.length === 1 && directory[0] === 0x2f ? 0 : 1;
  const path = Buffer.allocUnsafe(directory.length + slash + end - start);
  // Byte by byte: what copies takes a view of the part of a view, and costs more than these few bytes.
  let to = 0;
  for (let at = 0; at < directory.length; at += 1) path[to++] = directory[at] as number;
  if (slash === 1) path[to++] = 0x2f;
  for (let at = start; at < end; at += 1) path[to++] = name[at] as number;
  return path;
}
