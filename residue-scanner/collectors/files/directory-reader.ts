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
  copyBytes(directory, { start: 0, end: directory.length }, path, 0);
  if (slash === 1) path[directory.length] = 0x2f;
  copyBytes(name, { start, end }, path, directory.length + slash);
  return path;
}

/** Byte by byte: what Node and the language have for it makes views of parts, which costs more than a name's few bytes. */
export function copyBytes(
  from: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  to: Uint8Array,
  toStart: number,
): void {
  const shift = toStart - start;
  for (let at = start; at < end; at += 1) to[at + shift] = from[at] as number;
}
