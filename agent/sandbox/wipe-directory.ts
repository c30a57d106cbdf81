import { closeSync, renameSync, rmdirSync } from "node:fs";
import { unlink } from "node:fs/promises";

import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { clearFlags } from "./clear-flags.ts";
import { entriesOf, isDenied, mountOf, openDirectory, pathIn, relax } from "./directory-handle.ts";
import { pathToText } from "./path-text.ts";

export interface WipeResult {
  /** How many files, directories and other things were removed. */
  readonly removed: number;
  /** How many are left, at least, measured afterwards; 0 means that the directory itself is gone too. */
  readonly leftCount: number;
  /** The first of those that are left (`leftListedMax`), each with why. */
  readonly left: readonly { readonly path: string; readonly reason: string }[];
}

export interface WipeOptions {
  /** Asked again and again: a wipe whose time is over removes nothing more, and says what is left. */
  readonly isOver?: () => boolean;
}

/** A wipe ends after this time, even if somebody keeps writing what it removes. */
const wipeMsMax = 300_000;
/** How often what is found to be left is tried again. */
const passesMax = 5;
const leftListedMax = 100;
const concurrentUnlinks = 32;

/**
 * Removes a directory and everything in it. Copes with read-only directories, names in any bytes, trees of any depth,
 * sockets, FIFOs and devices; follows no symlink and enters no other mount: what is mounted in it is the host's.
 * What cannot be removed (mount points, another user's files) is said, never passed over.
 *
 * Trees of any depth: a directory's files are removed, its directories are moved up into the top one, and then it is
 * empty. So no path ever has more than two parts.
 */
export async function wipeDirectory(path: string, options: WipeOptions = {}): Promise<WipeResult> {
  const emptied = await emptyDirectory(path, options);
  if (emptied.leftCount > 0) return emptied;
  try {
    rmdirSync(path);
    return { ...emptied, removed: emptied.removed + 1 };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return emptied;
    return { ...emptied, leftCount: 1, left: [{ path, reason: reasonOf(error) }] };
  }
}

/** The same, but the directory itself stays. */
export async function emptyDirectory(path: string, { isOver = () => false }: WipeOptions = {}): Promise<WipeResult> {
  let root: number;
  try {
    root = openDirectory(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { removed: 0, leftCount: 0, left: [] };
    return { removed: 0, leftCount: 1, left: [{ path, reason: reasonOf(error) }] };
  }
  try {
    return await new Wipe({ root, path, isOver }).run();
  } catch (error) {
    // Whoever can open nothing more can remove nothing more either, and says so; it is tried again when it leaves.
    if (!["EMFILE", "ENFILE"].includes(systemCode(error) ?? "")) throw error;
    return { removed: 0, leftCount: 1, left: [{ path, reason: reasonOf(error) }] };
  } finally {
    closeSync(root);
  }
}

/** A directory in the top one: the name that it has there, and where it was. */
interface Moved {
  readonly name: Buffer;
  readonly origin: Origin;
}

/** Something that could not be removed. */
interface Failure {
  readonly origin: Origin;
  /** Where it is now, from the top: one part, or two. */
  readonly at: readonly Buffer[];
  readonly reason: string;
}

/** A path as a list from its last part to its first, so that a deep tree does not cost its depth squared. */
interface Origin {
  readonly name: Buffer;
  readonly parent: Origin | null;
}

class Wipe {
  readonly #root: number;
  readonly #path: string;
  readonly #mount: string;
  readonly #deadline = systemClock.monotonicMs() + wipeMsMax;
  readonly #isOver: () => boolean;
  readonly #origins = new Map<string, Origin>();
  #removed = 0;
  #movedCount = 0;
  #flagsCleared = false;
  #failures: Failure[] = [];

  constructor({ root, path, isOver }: { root: number; path: string; isOver: () => boolean }) {
    this.#root = root;
    this.#path = path;
    this.#isOver = isOver;
    this.#mount = mountOf(root);
  }

  async run(): Promise<WipeResult> {
    relax(pathIn(this.#root), 0o700);
    for (let pass = 1; pass <= passesMax; pass += 1) {
      const before = this.#removed;
      this.#failures = [];
      await this.#pass();
      if (await this.#clearFlagsOnce()) continue;
      if (this.#failures.length === 0 || this.#removed === before || this.#isLate()) break;
    }
    return this.#measure();
  }

  /** Whether there were things that the kernel protects, and they were unprotected. */
  async #clearFlagsOnce(): Promise<boolean> {
    if (this.#flagsCleared || this.#isLate() || !this.#failures.some(({ reason }) => reason === reasons["EPERM"]))
      return false;
    this.#flagsCleared = true;
    await clearFlags(this.#path);
    return true;
  }

  async #pass(): Promise<void> {
    const work: Moved[] = [];
    const top = (name: Buffer): Origin => this.#origins.get(name.toString("latin1")) ?? { name, parent: null };
    await this.#clear({
      directory: this.#root,
      at: [],
      originOf: top,
      onDirectory: (name) => work.push({ name, origin: top(name) }),
    });
    for (let next = work.pop(); next !== undefined && !this.#isLate(); next = work.pop()) {
      await this.#dissolve(next, work);
    }
  }

  /** Removes the files of a directory, moves its directories up, and removes it. */
  async #dissolve({ name, origin }: Moved, work: Moved[]): Promise<void> {
    const path = pathIn(this.#root, name);
    let directory: number;
    try {
      relax(path, 0o700);
      directory = openDirectory(path);
    } catch (error) {
      this.#failed({ origin, at: [name] }, error);
      return;
    }
    try {
      if (mountOf(directory) !== this.#mount) {
        this.#failures.push({ origin, at: [name], reason: "another file system is mounted on it" });
        return;
      }
      const inside = (child: Buffer): Origin => ({ name: child, parent: origin });
      await this.#clear({
        directory,
        at: [name],
        originOf: inside,
        onDirectory: (child) => this.#moveUp({ directory, at: [name, child], origin: inside(child), work }),
      });
    } catch (error) {
      this.#failed({ origin, at: [name] }, error);
      return;
    } finally {
      closeSync(directory);
    }
    try {
      rmdirSync(path);
      this.#removed += 1;
    } catch (error) {
      this.#failed({ origin, at: [name] }, error);
    }
  }

  #moveUp({
    directory,
    at,
    origin,
    work,
  }: {
    directory: number;
    at: readonly Buffer[];
    origin: Origin;
    work: Moved[];
  }): void {
    this.#movedCount += 1;
    const name = Buffer.from(`.houseguest-wipe-${process.pid}-${this.#movedCount}`);
    const from = pathIn(directory, origin.name);
    try {
      try {
        renameSync(from, pathIn(this.#root, name));
      } catch (error) {
        // Moving a directory changes its `..`, for which it must be writable.
        if (!isDenied(error)) throw error;
        relax(from, 0o700);
        renameSync(from, pathIn(this.#root, name));
      }
    } catch (error) {
      this.#failed({ origin, at }, error);
      return;
    }
    this.#origins.set(name.toString("latin1"), origin);
    work.push({ name, origin });
  }

  /** Removes what is no directory, and hands over what is one. */
  async #clear({
    directory,
    at,
    originOf,
    onDirectory,
  }: {
    directory: number;
    at: readonly Buffer[];
    originOf: (name: Buffer) => Origin;
    onDirectory: (name: Buffer) => void;
  }): Promise<void> {
    let batch: Promise<void>[] = [];
    for (const entry of entriesOf(directory)) {
      const name = entry.name;
      if (entry.isDirectory()) onDirectory(name);
      else batch.push(this.#unlink({ directory, name, at: [...at, name], originOf }));
      if (batch.length >= concurrentUnlinks) {
        await Promise.all(batch);
        batch = [];
        if (this.#isLate()) break;
      }
    }
    await Promise.all(batch);
  }

  async #unlink({
    directory,
    name,
    at,
    originOf,
  }: {
    directory: number;
    name: Buffer;
    at: readonly Buffer[];
    originOf: (name: Buffer) => Origin;
  }): Promise<void> {
    try {
      await unlink(pathIn(directory, name));
      this.#removed += 1;
    } catch (error) {
      this.#failed({ origin: originOf(name), at }, error);
    }
  }

  #failed({ origin, at }: { origin: Origin; at: readonly Buffer[] }, error: unknown): void {
    if (systemCode(error) !== "ENOENT") this.#failures.push({ origin, at, reason: reasonOf(error) });
  }

  #isLate(): boolean {
    return systemClock.monotonicMs() > this.#deadline || this.#isOver();
  }

  /** Counts what is there now, whatever was tried: a failure whose thing is gone is none. */
  #measure(): WipeResult {
    let leftCount = 0;
    const isLate = this.#isLate();
    for (const _ of entriesOf(this.#root)) {
      leftCount += 1;
      // There is no time to count them all.
      if (isLate && leftCount >= leftListedMax) break;
    }
    if (leftCount === 0) return { removed: this.#removed, leftCount, left: [] };
    const left = this.#failures.slice(0, leftListedMax).map(({ origin, at, reason }) => {
      const now = at.map(pathToText).join("/");
      const was = originText(origin);
      return { path: `${this.#path}/${now}`, reason: now === was ? reason : `${reason}; it was ${was}` };
    });
    if (isLate) left.push({ path: this.#path, reason: "there was no time left to remove all of it" });
    else if (left.length === 0) left.push({ path: this.#path, reason: "somebody went on writing to it" });
    return { removed: this.#removed, leftCount: Math.max(leftCount, this.#failures.length), left };
  }
}

function originText(origin: Origin): string {
  const parts: string[] = [];
  for (let at: Origin | null = origin; at !== null; at = at.parent) parts.push(pathToText(at.name));
  return parts.reverse().join("/");
}

const reasons: Readonly<Record<string, string>> = {
  EPERM: "the kernel does not permit it (immutable, append-only, or another user's)",
  EACCES: "this user may not remove it",
  EBUSY: "something is mounted on it",
  ENOTEMPTY: "something in it could not be removed",
  ENOTDIR: "it is not a directory",
  ELOOP: "it is not a directory",
  EROFS: "the file system is read-only",
};

function reasonOf(error: unknown): string {
  const code = systemCode(error) ?? "unknown reason";
  return reasons[code] ?? code;
}
