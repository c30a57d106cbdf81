import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, sep } from "node:path";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { syncDirectory } from "../io/journal-file.ts";
import type { AutostartRemoval, AutostartResource } from "./port.ts";

/** A file, or a symlink, that a startup hook is made of. */
export type PlantedFile = { readonly path: string } & ({ readonly content: string } | { readonly target: string });

/** The files of a startup hook, each with the directories that are missing on the way to it. */
export class PlantedFiles {
  readonly #files: readonly PlantedFile[];
  readonly #marker: string;

  /** @param marker stands in the content of each, so that a file of the same name that is not ours is known */
  constructor(files: readonly PlantedFile[], marker: string) {
    this.#files = files;
    this.#marker = marker;
  }

  /** @throws UsageError `autostart-taken` */
  resources(): AutostartResource[] {
    const directories = new Set<string>();
    for (const file of this.#files) {
      if (!this.#isOursOrFree(file)) {
        throw new UsageError(`${file.path} is there already, and not this agent's.`, {
          code: "autostart-taken",
          next: "Look at it and move it away, or choose another --autostart.",
        });
      }
      for (const directory of missingAbove(file.path)) directories.add(directory);
    }
    return [
      ...[...directories].map((path) => ({ kind: "directory", path }) as const),
      ...this.#files.map(({ path }) => ({ kind: "file", path }) as const),
    ];
  }

  /** @throws UsageError `autostart-denied`, `autostart-taken` */
  install(resources: readonly AutostartResource[]): void {
    try {
      for (const { kind, path } of withPath(resources)) {
        if (kind === "directory" && !existsSync(path)) mkdirSync(path, { mode: 0o755 });
      }
      for (const file of this.#files) {
        if (this.#isWhole(file)) continue;
        if (this.#isOursOrFree(file)) rmSync(file.path, { force: true });
        plant(file);
      }
    } catch (error) {
      throw asUsageError(error);
    }
  }

  /** Those of the files that are there and carry the marker, without the directories: who made those is not seen. */
  found(): AutostartResource[] {
    return this.#files
      .filter((file) => isThere(file.path) && this.#isOursOrFree(file))
      .map(({ path }) => ({ kind: "file", path }));
  }

  /**
   * The last that was planted goes first: what starts the agent, before what it starts. A list from a ledger is not
   * taken at its word, since another may have written it: what lies elsewhere than such a file does, or is not what
   * this agent planted, is let be and is not called left.
   */
  remove(resources: readonly AutostartResource[]): AutostartRemoval {
    const removed: string[] = [];
    const left: string[] = [];
    const listed = withPath(resources);
    const files = listed.filter(({ kind, path }) => kind === "file" && this.#isPlaceOfOurs(path));
    for (const { kind, path } of listed.reverse()) {
      try {
        if (kind === "file" && !files.some((file) => file.path === path)) continue;
        if (kind === "directory" && !files.some((file) => file.path.startsWith(path + sep))) continue;
        if (!isThere(path)) continue;
        if (kind === "file" && !this.#isOursAt(path)) continue;
        if (kind === "file") rmSync(path);
        else rmdirSync(path);
        syncDirectory(dirname(path));
        if (!isThere(path)) removed.push(path);
        else left.push(`${path} (somebody has put it there again)`);
      } catch (error) {
        // A directory was made for the agent; whoever else has put something into it by now keeps it.
        if (kind === "directory" && systemCode(error) === "ENOTEMPTY") continue;
        left.push(`${path} (${messageOf(error)})`);
      }
    }
    return { removed, left };
  }

  isInstalled(): boolean {
    return this.#files.some(({ path }) => isThere(path));
  }

  /** Where this way puts a file of that name, though perhaps below another directory than it would today. */
  #isPlaceOfOurs(path: string): boolean {
    return this.#planted(path) !== undefined;
  }

  #planted(path: string): PlantedFile | undefined {
    return this.#files.find((file) => endOf(file.path) === endOf(path));
  }

  /** Whether what lies there is what was planted, by whatever version, or the beginning of it that a crash left. */
  #isOursAt(path: string): boolean {
    const file = this.#planted(path);
    const stat = lstatSync(path);
    // Whoever put a directory there keeps it; its removal fails, and it is named.
    if (file === undefined || stat.isDirectory()) return file !== undefined;
    if ("target" in file) return stat.isSymbolicLink() && endOf(readlinkSync(path)) === endOf(file.target);
    if (!stat.isFile()) return false;
    const text = readFileSync(path, "utf8");
    return text.includes(this.#marker) || file.content.startsWith(text);
  }

  #isOursOrFree(file: PlantedFile): boolean {
    if (!isThere(file.path)) return true;
    const stat = lstatSync(file.path);
    if ("target" in file) return stat.isSymbolicLink() && readlinkSync(file.path) === file.target;
    return stat.isFile() && readFileSync(file.path, "utf8").includes(this.#marker);
  }

  #isWhole(file: PlantedFile): boolean {
    if (!isThere(file.path)) return false;
    if ("target" in file) return this.#isOursOrFree(file);
    return lstatSync(file.path).isFile() && readFileSync(file.path, "utf8") === file.content;
  }
}

function plant(file: PlantedFile): void {
  if ("target" in file) symlinkSync(file.target, file.path);
  else {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const descriptor = openSync(file.path, flags, 0o644);
    try {
      writeFileSync(descriptor, file.content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
  syncDirectory(dirname(file.path));
}

/** The name with the directory that it lies in: what is the same wherever the user's configuration lies. */
function endOf(path: string): string {
  return `${basename(dirname(path))}/${basename(path)}`;
}

/** The directories that are not there yet, the outermost first. */
function missingAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path || existsSync(parent) ? [] : [...missingAbove(parent), parent];
}

function withPath(resources: readonly AutostartResource[]): { kind: "directory" | "file"; path: string }[] {
  return resources.flatMap((resource) => (resource.kind === "crontab" ? [] : [resource]));
}

/** Itself, and not what a symlink points at. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return false;
    throw error;
  }
}

function asUsageError(error: unknown): unknown {
  const code = systemCode(error) ?? "";
  if (code === "EEXIST") {
    return new UsageError(`Somebody else was faster: ${messageOf(error)}.`, {
      code: "autostart-taken",
      next: "Look at it and move it away, or choose another --autostart.",
      cause: error,
    });
  }
  if (!/^E[A-Z0-9]+$/.test(code)) return error;
  return new UsageError(`The startup hook cannot be installed: ${messageOf(error)}.`, {
    code: "autostart-denied",
    next: "Choose another --autostart: crontab and systemd-user need no more than the user's own rights.",
    cause: error,
  });
}
