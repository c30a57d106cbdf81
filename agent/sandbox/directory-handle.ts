import { chmodSync, closeSync, constants, type Dirent, fstatSync, opendirSync, openSync, readFileSync } from "node:fs";

import { systemCode } from "../../foundation/errors.ts";

/**
 * Node has no openat(2). `/proc/self/fd/N/name` resolves in the directory that N is open on, wherever that has been
 * moved meanwhile, and so does the same: names are bytes, paths may be longer than PATH_MAX, and no symlink is followed
 * on the way to a directory that was opened with O_NOFOLLOW.
 */

/** open(2), O_PATH: a handle that needs no permission on the thing itself. Node does not name it. */
const O_PATH = 0o10000000;
/** PATH_MAX is 4096 with the final zero; the rest is for `/proc/self/fd/N/`. */
const hopBytesMax = 3_900;
const slash = Buffer.from("/");

/** A handle on a directory for resolving names in it; a symlink is refused with ENOTDIR. */
export function openDirectory(path: string | Buffer): number {
  return openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** The path of a name in an open directory; without a name, the directory itself. */
export function pathIn(directory: number, name?: Buffer): Buffer {
  const start = Buffer.from(`/proc/self/fd/${directory}/`);
  return name === undefined ? start : Buffer.concat([start, name]);
}

/** What stands in an open directory, read piece by piece: there may be millions. */
export function* entriesOf(directory: number): Generator<Dirent<Buffer>> {
  // The typings know no encoding for opendir but those of text; with this one the names come as bytes.
  const stream = opendirSync(pathIn(directory).toString(), { encoding: "buffer" as BufferEncoding, bufferSize: 512 });
  try {
    for (let entry = stream.readSync(); entry !== null; entry = stream.readSync()) {
      yield entry as unknown as Dirent<Buffer>;
    }
  } finally {
    stream.closeSync();
  }
}

/** The mount that an open file is on; bind mounts of one device differ in it. */
export function mountOf(file: number): string {
  const info = readFileSync(`/proc/self/fdinfo/${file}`, "latin1");
  return /^mnt_id:\s*(\d+)$/m.exec(info)?.[1] ?? "";
}

/**
 * Calls `use` with a path for what stands at `path` (relative, its parts joined by slashes) below an open directory,
 * however long that is.
 */
export function beneath<T>({ root, path }: { root: number; path: Buffer }, use: (path: Buffer) => T): T {
  let directory = root;
  let rest = path;
  try {
    while (rest.length > hopBytesMax) {
      const cut = rest.lastIndexOf(slash, hopBytesMax);
      const next = openDirectory(pathIn(directory, rest.subarray(0, cut)));
      if (directory !== root) closeSync(directory);
      directory = next;
      rest = rest.subarray(cut + 1);
    }
    return use(pathIn(directory, rest));
  } finally {
    if (directory !== root) closeSync(directory);
  }
}

/**
 * Gives the owner the permissions that are missing on a file or directory, never through a symlink.
 *
 * @returns the mode that it had, or null when nothing had to be changed
 */
export function relax(path: Buffer | string, permissions: number): number | null {
  const handle = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const stat = fstatSync(handle);
    const mode = stat.mode & 0o7777;
    if (stat.isSymbolicLink() || (mode & permissions) === permissions) return null;
    chmodSync(`/proc/self/fd/${handle}`, mode | permissions);
    return mode;
  } finally {
    closeSync(handle);
  }
}

/** Sets the mode of a file or directory, never through a symlink. */
export function setMode(path: Buffer | string, mode: number): void {
  const handle = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(handle).isSymbolicLink()) chmodSync(`/proc/self/fd/${handle}`, mode);
  } finally {
    closeSync(handle);
  }
}

/** Whether a call failed for want of a permission that the owner can give to himself. */
export function isDenied(error: unknown): boolean {
  return systemCode(error) === "EACCES";
}
