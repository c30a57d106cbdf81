import { type BigIntStats, closeSync, fstatSync, lstatSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

import { systemCode } from "../../foundation/errors.ts";
import { beneath, entriesOf, mountOf, openDirectory, pathIn, relax, setMode } from "./directory-handle.ts";

/** One thing in a workspace. */
export interface TreeEntry {
  /** Relative to the workspace. */
  readonly path: Buffer;
  /** Not followed where it is a symlink. */
  readonly stat: BigIntStats;
  /** A directory on which something else is mounted; it is not entered. */
  readonly mountPoint: boolean;
}

/** How many entries are read before the agent's other work gets a turn. */
const entriesPerTurn = 128;
const slash = Buffer.from("/");

/**
 * Directories that their owner could not read, and that were made readable for him. Whoever walks a tree keeps one, and
 * restores it when nothing below is to be read any more.
 */
export class RelaxedModes {
  readonly #relaxed: { readonly path: Buffer; readonly mode: number }[] = [];

  add(path: Buffer, mode: number): void {
    this.#relaxed.push({ path, mode });
  }

  /** Children first: a parent whose own mode is back may no longer be entered. */
  restore(root: number): void {
    for (const { path, mode } of this.#relaxed.reverse()) {
      try {
        beneath({ root, path }, (real) => setMode(real, mode));
      } catch (error) {
        // A job that is not frozen has removed it.
        if (!isVanished(error)) throw error;
      }
    }
  }
}

/**
 * Everything below an open directory, parents before their children, in no particular order. Follows no symlink and
 * enters no other mount.
 */
export async function* walkTree({
  root,
  relaxed,
}: {
  readonly root: number;
  readonly relaxed: RelaxedModes;
}): AsyncGenerator<TreeEntry> {
  const mount = mountOf(root);
  const directories: Buffer[] = [Buffer.alloc(0)];
  let entries = 0;
  for (let path = directories.pop(); path !== undefined; path = directories.pop()) {
    const directory = openAt({ root, path });
    if (directory === null) continue;
    try {
      const mode = makeReadable(directory);
      if (mode !== null) relaxed.add(path, mode);
      for (const { name } of entriesOf(directory)) {
        const stat = lstatOrNull(pathIn(directory, name));
        if (stat === null) continue;
        const childPath = path.length === 0 ? name : Buffer.concat([path, slash, name]);
        const mountPoint = stat.isDirectory() && isMountPoint({ directory, name, mount });
        if (stat.isDirectory() && !mountPoint) directories.push(childPath);
        yield { path: childPath, stat, mountPoint };
        entries += 1;
        if (entries % entriesPerTurn === 0) await setImmediate();
      }
    } finally {
      closeSync(directory);
    }
  }
}

/** Null when it has vanished or become something else meanwhile: a job that is not frozen may do so. */
function openAt({ root, path }: { root: number; path: Buffer }): number | null {
  try {
    return beneath({ root, path }, openDirectory);
  } catch (error) {
    if (isVanished(error)) return null;
    throw error;
  }
}

function lstatOrNull(path: Buffer): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isVanished(error)) return null;
    throw error;
  }
}

function makeReadable(directory: number): number | null {
  // Root needs no permissions, and an entry of another user is not ours to change.
  if (process.getuid?.() !== fstatSync(directory).uid || process.getuid() === 0) return null;
  return relax(pathIn(directory), 0o500);
}

function isMountPoint({ directory, name, mount }: { directory: number; name: Buffer; mount: string }): boolean {
  let child: number;
  try {
    child = openDirectory(pathIn(directory, name));
  } catch (error) {
    if (isVanished(error)) return false;
    throw error;
  }
  try {
    return mountOf(child) !== mount;
  } finally {
    closeSync(child);
  }
}

function isVanished(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}
